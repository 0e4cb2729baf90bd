/*
 * Starts what a verb needs beside Node, and becomes Node, as bin/minidock wants it: a shim where a process is started in a
 * container, a line to a supervisor (line.h) where one is ended. Node would take some milliseconds to load what starts processes and
 * what connects, and to copy a process of its own size (fork(2)); this one is a page or two.
 *
 *   minidock-launch SHIM NODE [ARG...]
 *   minidock-launch - NODE [ARG...]
 *
 * Node finds the shim by MINIDOCK_SHIM=PID:SHIM:SOCKET:SOCKET in its environment: its own pid, the shim's, and its ends of the
 * two sockets that the shim has as descriptors 3 and 4; a line by MINIDOCK_LINE=PID:CONTROL:SOCKET. The first tells for whom it is, as
 * LISTEN_PID does (sd_listen_fds(3)). Whatever fails here Node does by itself, and finds out why.
 */
#include "execute.h"
#include "line.h"

enum {
	SIGCHLD_ = 17, SIGNALS = 64, SIG_SETMASK_ = 2, X_OK_ = 1, AT_FDCWD_ = -100, O_RDWR_ = 2, F_SETFD_ = 2,
	AF_UNIX_ = 1, SOCK_STREAM_ = 1, SOCK_CLOEXEC_ = 02000000, SOL_SOCKET_ = 1, SO_RCVTIMEO_ = 20,
	RLIMIT_NOFILE_ = 7, ENOENT_ = 2, ENOEXEC_ = 8, EACCES_ = 13, ENOTDIR_ = 20,
	STANDARD = 3,     /* descriptors 0 to 2 */
	ENOUGH = 64,      /* of descriptors: Node needs 19 to start, and ours are two more */
	PATIENCE = 50000, /* how long Node may wait in a read(2) of its sockets, in microseconds */
};

static const char shim_name[] = "MINIDOCK_SHIM=", line_name[] = "MINIDOCK_LINE=";

static void say(const char *text)
{
	write_all(2, text, length_of(text));
}

static char *add_number(char *to, u64 number)
{
	char digits[20];
	int n = 0;
	do
		digits[n++] = '0' + number % 10;
	while (number /= 10);
	while (n)
		*to++ = digits[--n];
	return to;
}

static void put_variable(char *to, const char *name, const u64 *numbers, int count)
{
	u64 length = length_of(name);
	__builtin_memcpy(to, name, length);
	to += length;
	for (int i = 0; i < count; i++) {
		to = add_number(to, numbers[i]);
		*to++ = i < count - 1 ? ':' : 0;
	}
}

/* Where the caller closed one of them, a socket would take its place. */
static int standard_streams_are_open(void)
{
	s64 fd;
	do
		fd = sys4(__NR_openat, AT_FDCWD_, "/dev/null", O_RDWR_, 0);
	while (fd >= 0 && fd < STANDARD);
	sys(__NR_close, fd, 0, 0);
	return fd >= STANDARD;
}

static int there_are_few_descriptors(void)
{
	struct { u64 soft, hard; } limit = { 0, 0 };
	return sys4(__NR_prlimit64, 0, RLIMIT_NOFILE_, 0, &limit) || limit.soft < ENOUGH;
}

/* Nothing of the caller: its streams, directory, signals that it ignores or holds back. */
static void leave_caller(void)
{
	u64 usual[4] = { 0 }, empty = 0;
	s64 null = sys4(__NR_openat, AT_FDCWD_, "/dev/null", O_RDWR_, 0);
	for (int fd = 0; fd < STANDARD; fd++)
		sys(__NR_dup3, null, fd, 0);
	sys(__NR_close, null, 0, 0);
	sys(__NR_chdir, "/", 0, 0);
	for (int signal = 1; signal <= SIGNALS; signal++)
		sys4(__NR_rt_sigaction, signal, usual, 0, sizeof empty);
	sys4(__NR_rt_sigprocmask, SIG_SETMASK_, &empty, 0, sizeof empty);
}

/* Nor anything of its environment. */
_Noreturn static void become_shim(const char *shim, int socket, int child_socket)
{
	char *words[] = { "minidock-shim", 0 }, *none[] = { 0 };
	sys(__NR_dup3, socket, SHIM_FD, 0);
	sys(__NR_dup3, child_socket, CHILD_FD, 0);
	leave_caller();
	sys(__NR_execve, shim, words, none);
	quit(127);
}

/* Node never waits for long at it. Returns 0, or not where the kernel refuses. */
static s64 limit_patience(int socket)
{
	struct { s64 seconds, microseconds; } patience = { 0, PATIENCE };
	return sys6(__NR_setsockopt, socket, SOL_SOCKET_, SO_RCVTIMEO_, (u64)&patience, sizeof patience, 0);
}

/* Two sockets, of which the first is Node's. Returns 0, or not where there is none. */
static s64 make_sockets(int *ends)
{
	return sys4(__NR_socketpair, AF_UNIX_, SOCK_STREAM_ | SOCK_CLOEXEC_, 0, ends) || limit_patience(ends[0]);
}

/* execve(2) leaves it open. */
static void hand_over(int socket)
{
	sys(__NR_fcntl, socket, F_SETFD_, 0);
}

/* Returns whether a shim runs, of which `variable` then tells. */
static int start_shim(const char *shim, char *variable)
{
	int own[2], childs[2];
	if (sys(__NR_faccessat, AT_FDCWD_, shim, X_OK_) || make_sockets(own) || make_sockets(childs))
		return 0;
	s64 pid = sys6(__NR_clone, SIGCHLD_, 0, 0, 0, 0, 0);
	if (pid == 0)
		become_shim(shim, own[1], childs[1]);
	if (pid < 0)
		return 0;
	u64 numbers[] = { sys(__NR_getpid, 0, 0, 0), pid, own[0], childs[0] };
	put_variable(variable, shim_name, numbers, 4);
	hand_over(own[0]);
	hand_over(childs[0]);
	return 1;
}

/* Returns whether there is a line, of which `variable` then tells. */
static int start_line(char *variable)
{
	int ends[2];
	if (make_sockets(ends))
		return 0;
	s64 line = sys(__NR_socket, AF_UNIX_, SOCK_STREAM_ | SOCK_CLOEXEC_, 0);
	if (line < 0 || limit_patience(line))
		return 0;
	s64 pid = sys6(__NR_clone, SIGCHLD_, 0, 0, 0, 0, 0);
	if (pid == 0) {
		sys(__NR_close, ends[0], 0, 0);
		/* Ctrl-C is for Node, which may have more to say. */
		sys(__NR_setsid, 0, 0, 0);
		leave_caller();
		become_line(ends[1], line);
	}
	sys(__NR_close, ends[1], 0, 0);
	if (pid < 0)
		return 0;
	u64 numbers[] = { sys(__NR_getpid, 0, 0, 0), ends[0], line };
	put_variable(variable, line_name, numbers, 3);
	hand_over(ends[0]);
	hand_over(line);
	return 1;
}

static int start_beside(const char *shim, char *variable)
{
	if (there_are_few_descriptors() || !standard_streams_are_open())
		return 0;
	return shim[0] == '-' && !shim[1] ? start_line(variable) : start_shim(shim, variable);
}

/* With a shell's exit codes: 127 where there is no such program, 126 where it cannot be executed. */
_Noreturn static void tell_failure(s64 error)
{
	if (error == -ENOENT_ || error == -ENOTDIR_) {
		say("minidock: cannot execute node\n  fix: install Node 20 or later, where PATH names it\n");
		quit(127);
	}
	say("minidock: cannot execute node: ");
	say(error == -EACCES_ ? "permission denied" : error == -ENOEXEC_ ? "exec format error" : "the kernel refuses it");
	say("\n  fix: make the node that PATH names executable here, or install Node 20 or later in its place\n");
	quit(126);
}

_Noreturn void start(u64 *stack)
{
	char **words = (char **)(stack + 2), **environment = (char **)(stack + stack[0] + 2);
	static char variable[sizeof shim_name + 4 * 21];
	if (stack[0] < 3) {
		say("usage: minidock-launch SHIM|- NODE [ARG...]\n");
		quit(125);
	}
	u64 count = 0;
	while (environment[count])
		count++;
	char *own[count + 2], **at = own;
	if (start_beside(words[0], variable))
		*at++ = variable;
	while (*environment)
		*at++ = *environment++;
	*at = 0;
	tell_failure(execute(words + 1, own));
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n hlt\n");
#else
asm(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n bl start\n brk #0\n");
#endif
