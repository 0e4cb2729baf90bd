/*
 * The shim: reads one program from fd 3, runs its host section, and supervises the child if there is one. It runs as a
 * sealed copy of itself: the first program that it gets makes the copy and executes it (execveat).
 */
#include "interpret.h"
#include "supervise.h"
#include "sys.h"

static struct machine machine;

/*
 * Nearly every program fits in here. Only a longer one gets memory of its own, which the supervisor then holds as long
 * as it lives.
 */
static u8 ordinary[1 << 20] __attribute__((aligned(16)));
enum { PROT_READ_ = 1, PROT_WRITE_ = 2, MAP_PRIVATE_ = 2, MAP_ANONYMOUS_ = 0x20 };

/* Memory for a program of this size; 0 where there is none. */
static u8 *room_for(u64 size)
{
	if (size <= sizeof ordinary)
		return ordinary;
	s64 memory = sys6(__NR_mmap, 0, size, PROT_READ_ | PROT_WRITE_, MAP_PRIVATE_ | MAP_ANONYMOUS_, -1, 0);
	return memory < 0 && memory >= -4095 ? 0 : (u8 *)memory;
}

static void read_program(void)
{
	u8 *bytes = ordinary;
	const struct header *h = (const struct header *)ordinary;
	int wrong = read_all(SHIM_FD, ordinary, sizeof *h) ? __LINE__ : 0;
	if (!wrong && (h->magic != MAGIC || h->size < sizeof *h || h->size > MAX_PROGRAM))
		wrong = __LINE__;
	if (!wrong && !(bytes = room_for(h->size)))
		wrong = __LINE__;
	if (!wrong && bytes != ordinary)
		__builtin_memcpy(bytes, ordinary, sizeof *h);
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
