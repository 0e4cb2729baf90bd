/*
 * The shim: reads one program from fd 3, runs its host section, and supervises the child if there is one.
 * It runs as a sealed copy of itself because the program before told it to (execveat), not because it knows how.
 */
#include "interpret.h"
#include "supervise.h"
#include "sys.h"

static u8 bytes[MAX_PROGRAM + 8] __attribute__((aligned(16)));
static struct machine machine;

static void read_program(void)
{
	struct header *h = (struct header *)bytes;
	int wrong = read_all(SHIM_FD, h, sizeof *h) ? __LINE__ : 0;
	if (!wrong && (h->magic != MAGIC || h->size < sizeof *h || h->size > MAX_PROGRAM))
		wrong = __LINE__;
	if (!wrong && read_all(SHIM_FD, bytes + sizeof *h, h->size - sizeof *h))
		wrong = __LINE__;
	if (!wrong)
		wrong = decode(bytes, h->size, &machine.program);
	if (!wrong)
		return;
	struct report r = { wrong, 0, 0, 0 };
	send_frame(SHIM_FD, MALFORMED, HOST, &r, sizeof r);
	quit(2);
}

int main(void)
{
	read_program();
	machine.report_fd = SHIM_FD;
	run_section(&machine, HOST);
	if (machine.program.supervised)
		supervise(&machine);
	quit(0);
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n xor %ebp, %ebp\n and $-16, %rsp\n call main\n hlt\n");
#else
asm(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n bl main\n brk #0\n");
#endif
