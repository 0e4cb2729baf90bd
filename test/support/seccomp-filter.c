/*
 * Prints the newest seccomp filter of a running process as the kernel holds it: an array of struct sock_filter.
 * PTRACE_SECCOMP_GET_FILTER (ptrace(2)) needs CAP_SYS_ADMIN and a kernel with CONFIG_CHECKPOINT_RESTORE.
 */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define GET_FILTER 0x420c

static int failed(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	static struct sock_filter code[4096];
	pid_t pid = argc == 2 ? atoi(argv[1]) : 0;
	long length;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return failed("PTRACE_SEIZE");
	if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0)
		return failed("PTRACE_INTERRUPT");
	waitpid(pid, NULL, __WALL);
	length = ptrace(GET_FILTER, pid, (void *)0, code);
	if (length < 0)
		return failed("PTRACE_SECCOMP_GET_FILTER");
	fwrite(code, sizeof code[0], length, stdout);
	return ptrace(PTRACE_DETACH, pid, 0, 0) < 0 ? failed("PTRACE_DETACH") : 0;
}
