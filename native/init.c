/*
 * PID 1 of a container that was asked for one (`--init`): starts the command as its child, hands every signal on to it, and
 * takes in whatever is orphaned. It ends with the command's status, and the kernel ends the rest of the PID namespace.
 *
 *   docker-init [--] COMMAND [ARG...]
 */
#include "execute.h"
#include "sys.h"

enum {
	SIG_BLOCK_ = 0, SIG_SETMASK_ = 2, SIGCHLD_ = 17, WNOHANG_ = 1, TIOCSPGRP_ = 0x5410,
	ENOENT_ = 2, ENOEXEC_ = 8, EACCES_ = 13,
	STDERR = 2,
};

/* SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS: of our own faults. */
#define FAULTS (1UL << 3 | 1UL << 4 | 1UL << 5 | 1UL << 6 | 1UL << 7 | 1UL << 10 | 1UL << 30)

static void say(const char *text)
{
	write_all(STDERR, text, length_of(text));
}

_Noreturn static void become_command(char **words, char **environment, u64 mask)
{
	/* A process group of its own, in the foreground where there is a terminal: Ctrl-C is for the command. */
	sys(__NR_setpgid, 0, 0, 0);
	int group = sys(__NR_getpid, 0, 0, 0);
	sys(__NR_ioctl, 0, TIOCSPGRP_, &group);
	sys4(__NR_rt_sigprocmask, SIG_SETMASK_, &mask, 0, sizeof mask);
	s64 error = execute(words, environment);
	say("docker-init: cannot execute ");
	say(words[0]);
	say(error == -ENOENT_ ? ": no such file or directory\n" : error == -EACCES_ ? ": permission denied\n" :
	    error == -ENOEXEC_ ? ": exec format error\n" : ": the kernel refuses it\n");
	quit(error == -ENOENT_ ? 127 : 126);
}

/* Takes in every child that has ended; the command's end is ours. */
static void reap(int command)
{
	int status;
	for (s64 pid; (pid = sys4(__NR_wait4, -1, &status, WNOHANG_, 0)) > 0;)
		if (pid == command)
			quit(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
}

_Noreturn void start(u64 *stack)
{
	char **words = (char **)(stack + 2), **environment = (char **)(stack + stack[0] + 2);
	if (stack[0] > 1 && words[0][0] == '-' && words[0][1] == '-' && !words[0][2])
		words++;
	if (stack[0] < 2 || !words[0]) {
		say("usage: docker-init [--] COMMAND [ARG...]\n");
		quit(1);
	}
	u64 taken = ~FAULTS, mask = 0;
	sys4(__NR_rt_sigprocmask, SIG_BLOCK_, &taken, &mask, sizeof mask);
	s64 command = sys6(__NR_clone, SIGCHLD_, 0, 0, 0, 0, 0);
	if (command == 0)
		become_command(words, environment, mask);
	if (command < 0) {
		say("docker-init: cannot start a process\n");
		quit(126);
	}
	for (;;) {
		s64 signal = sys4(__NR_rt_sigtimedwait, &taken, 0, 0, sizeof taken);
		if (signal == SIGCHLD_)
			reap(command);
		else if (signal > 0)
			sys(__NR_kill, command, signal, 0);
	}
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n hlt\n");
#else
asm(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n bl start\n brk #0\n");
#endif
