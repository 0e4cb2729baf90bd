/*
 * Linux 3.10 for one command and all that it starts: every syscall that came later answers ENOSYS, and uname(2) says 3.10.
 *
 * Built twice from this file: the program `linux-3.10 PRELOAD COMMAND…` sets the filter and executes the command; with -DPRELOAD,
 * -shared the library that changes the answer of uname, which no filter can.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/utsname.h>

#ifdef PRELOAD

int uname(struct utsname *name)
{
	int (*next)(struct utsname *) = (int (*)(struct utsname *))dlsym(RTLD_NEXT, "uname");
	int result = next(name);
	if (result == 0)
		strcpy(name->release, "3.10.0-1160.el7.x86_64");
	return result;
}

#else

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * The first number that 3.10 does not know: sched_setattr(2), of 3.14. On x86-64 the numbers from 2^30 on are those of x32. 32-bit
 * programs have numbers of their own, and all of them.
 */
#if defined(__x86_64__)
enum { ARCH = AUDIT_ARCH_X86_64, FIRST = 314, LAST = 0x3fffffff };
#else
enum { ARCH = AUDIT_ARCH_AARCH64, FIRST = 274, LAST = 0x7fffffff };
#endif

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };

	if (argc < 3)
		return 125;
	/* As root no "no new privileges" is needed, which containers would inherit. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return perror("PR_SET_SECCOMP"), 125;
	setenv("LD_PRELOAD", argv[1], 1);
	execvp(argv[2], argv + 2);
	return perror(argv[2]), 127;
}

#endif
