/*
 * strike ROLE SYSCALL N ERRNO LOG COMMAND…: one fault in a command and all that it starts. A process of the role that is about to make its
 * N-th call of that number is killed where ERRNO is 0; else the call is not made and answers that error. LOG gets a line for each time.
 *
 * strace injects faults, too, but counts alike in all processes: Node's hundredth open comes before the first one of a shim.
 *
 * Ends with all that was started, and with the exit status of the command.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { ARCH = AUDIT_ARCH_X86_64 };
#else
enum { ARCH = AUDIT_ARCH_AARCH64 };
#endif

/* A STRANGER's role nobody knows yet: its parent has not told of it. What Node forked is taken for a shim until its execve. */
enum role { STRANGER, NONE, COMMAND, SHIM, CHILD, KEEPER };
static const char *const names[] = { "", "", "command", "shim", "child", "keeper" };

static struct tracee {
	pid_t tid;
	enum role role;
	/* Its own execve has been: the role stays what it is, but a shim may become the keeper. */
	int settled;
	unsigned calls;
	/* It waits for its parent's word. */
	int waits;
} tracees[4096];
static size_t count;

static struct tracee *of(pid_t tid)
{
	for (size_t i = 0; i < count; i++)
		if (tracees[i].tid == tid)
			return &tracees[i];
	if (count == sizeof tracees / sizeof *tracees)
		exit(124);
	tracees[count] = (struct tracee){ .tid = tid };
	return &tracees[count++];
}

static int is_thread(pid_t tid, pid_t of_process)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task/%d", of_process, tid);
	return access(path, F_OK) == 0;
}

static void start(pid_t tid)
{
	ptrace(PTRACE_CONT, tid, 0, 0);
}

/* What a process has begun with fork(2) or clone(2). */
static void begun(const struct tracee *parent)
{
	unsigned long tid = 0;
	struct tracee *fresh;

	if (ptrace(PTRACE_GETEVENTMSG, parent->tid, 0, &tid) != 0)
		return;
	enum role role = parent->role;
	pid_t parent_tid = parent->tid;
	fresh = of(tid);
	if (is_thread(tid, parent_tid))
		fresh->role = NONE;
	else if (role == SHIM)
		fresh->role = CHILD;
	else
		fresh->role = role == COMMAND || role == KEEPER ? SHIM : NONE;
	fresh->settled = fresh->role == NONE;
	if (fresh->waits) {
		fresh->waits = 0;
		start(tid);
	}
}

static void executed(struct tracee *t)
{
	char path[64], line[4096];
	ssize_t length;
	int fd;

	if (t->role == CHILD)
		t->role = NONE;
	if (t->settled && t->role != SHIM)
		return;
	snprintf(path, sizeof path, "/proc/%d/cmdline", t->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = read(fd, line, sizeof line - 1);
	close(fd);
	for (ssize_t i = 0; i < length; i++)
		if (line[i] == '\0')
			line[i] = ' ';
	line[length > 0 ? length : 0] = '\0';
	snprintf(path, sizeof path, "/proc/%d/exe", t->tid);
	char program[4096] = "";
	if (readlink(path, program, sizeof program - 1) < 0)
		program[0] = '\0';
	if (t->settled) {
		/* Every keeper has been a shim: its calls count anew. */
		if (strstr(line, "keeper.mjs") != NULL) {
			t->role = KEEPER;
			t->calls = 0;
		}
		return;
	}
	t->settled = 1;
	if (strstr(program, "/minidock-shim") != NULL)
		t->role = SHIM;
	else if (strstr(line, "keeper.mjs") != NULL)
		t->role = KEEPER;
	else
		t->role = strstr(line, "bin/minidock") != NULL ? COMMAND : NONE;
}

/*
 * What Node forked and has not executed anything yet: libuv writes a byte to a pipe of its own there, waits for it for ever where
 * that fails, and the kernel answers no such error for a pipe.
 */
static int is_copy_of_node(const struct tracee *t)
{
	char path[64], program[4096];

	snprintf(path, sizeof path, "/proc/%d/exe", t->tid);
	ssize_t length = readlink(path, program, sizeof program - 1);
	program[length > 0 ? length : 0] = '\0';
	return t->role == SHIM && !t->settled && strstr(program, "/node") != NULL;
}

/* The call is skipped, and answers the error. */
static void answer(pid_t tid, int error)
{
#if defined(__x86_64__)
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, tid, 0, &registers) != 0)
		return;
	registers.orig_rax = -1;
	registers.rax = -error;
	ptrace(PTRACE_SETREGS, tid, 0, &registers);
#else
	struct user_regs_struct registers;
	struct iovec all = { &registers, sizeof registers };
	int none = -1;
	struct iovec number = { &none, sizeof none };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &all) != 0)
		return;
	registers.regs[0] = -error;
	ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &number);
	ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &all);
#endif
}

static void run(char **command, unsigned number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };

	raise(SIGSTOP);
	/* As root no "no new privileges" is needed, which containers would inherit. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		execvp(command[0], command);
	perror(command[0]);
	_exit(125);
}

int main(int argc, char **argv)
{
	int status, result = 125;

	if (argc < 7)
		return 125;
	const char *role = argv[1];
	unsigned number = atoi(argv[2]), n = atoi(argv[3]);
	int error = atoi(argv[4]);
	int log = open(argv[5], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pid_t first = fork();

	if (first == 0)
		run(argv + 6, number);
	long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
		       PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL;
	waitpid(first, &status, WUNTRACED);
	if (ptrace(PTRACE_SEIZE, first, 0, options) != 0)
		return 125;
	*of(first) = (struct tracee){ .tid = first, .role = COMMAND, .settled = 1 };
	kill(first, SIGCONT);
	while (count > 0) {
		pid_t tid = waitpid(-1, &status, __WALL);
		if (tid < 0 && errno == EINTR)
			continue;
		if (tid < 0)
			break;
		struct tracee *t = of(tid);
		if (!WIFSTOPPED(status)) {
			if (tid == first)
				result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			*t = tracees[--count];
			continue;
		}
		int signal = WSTOPSIG(status), event = status >> 16;
		if (event == PTRACE_EVENT_SECCOMP) {
			t->calls++;
			if (t->calls == n && strcmp(names[t->role], role) == 0 && (error == 0 || !is_copy_of_node(t))) {
				dprintf(log, "%d %s\n", tid, role);
				if (error == 0)
					kill(tid, SIGKILL);
				else
					answer(tid, error);
			}
		} else if (event == PTRACE_EVENT_EXEC) {
			executed(t);
		} else if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
			begun(t);
		} else if (event == PTRACE_EVENT_STOP) {
			if (t->role == STRANGER) {
				t->waits = 1;
				continue;
			}
			if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
				ptrace(PTRACE_LISTEN, tid, 0, 0);
				continue;
			}
		} else {
			ptrace(PTRACE_CONT, tid, 0, signal);
			continue;
		}
		start(tid);
	}
	return result;
}
