/*
 * The interpreter: performs each step of a section and nothing else. It knows nothing about containers. The program
 * decides what is done, in which order, and what may fail.
 */
#include "interpret.h"
#include "sys.h"

enum { SIGCHLD_ = 17, CLONE_VFORK_ = 0x4000, NO_REPORT = -1, FD_CLOEXEC_ = 1, F_SETFD_ = 2, SHUT_WR_ = 1, DIED = 125 };

static void put_frame(u8 *to, u8 type, u8 detail, const void *payload, u32 length)
{
	struct frame frame = { type, detail, 0, length };
	__builtin_memcpy(to, &frame, sizeof frame);
	__builtin_memcpy(to + sizeof frame, payload, length);
}

void send_frame(int fd, u8 type, u8 detail, const void *payload, u32 length)
{
	u8 message[sizeof(struct frame) + 32];
	put_frame(message, type, detail, payload, length);
	write_all(fd, message, sizeof(struct frame) + length);
}

static void report(const struct machine *m, u8 type, u32 index, s64 result, u64 seen)
{
	if (m->report_fd < 0)
		return;
	struct report r = { index, m->program.flags >> TAG_SHIFT, result, seen };
	send_frame(m->report_fd, type, m->section, &r, sizeof r);
}

/* Attempts of the exec section, which nobody needs to know once one succeeds: then they are gone with this process's memory. */
static u8 attempts[64 * (sizeof(struct frame) + sizeof(struct report))];
static u32 attempts_length;

static void tell_attempts(const struct machine *m)
{
	write_all(m->report_fd, attempts, attempts_length);
	attempts_length = 0;
}

static void note_attempt(const struct machine *m, u32 index, s64 result)
{
	struct report r = { index, m->program.flags >> TAG_SHIFT, result, 0 };
	if (attempts_length == sizeof attempts)
		tell_attempts(m);
	put_frame(attempts + attempts_length, ATTEMPT, m->section, &r, sizeof r);
	attempts_length += sizeof(struct frame) + sizeof r;
}

/*
 * Waits for the other side's byte. End of file means that the launcher died: then this process dies too, because nobody
 * would record the container.
 */
static void await_go(const struct machine *m)
{
	u8 go;
	if (read_all(m->report_fd, &go, 1) != 0)
		quit(DIED);
}

static u64 load(const u8 *from, int bytes)
{
	u64 value = 0;
	for (int i = 0; i < bytes; i++)
		value |= (u64)from[i] << (8 * i);
	return value;
}

u64 value_of(const struct machine *m, u32 kind, u64 arg)
{
	switch (kind) {
	case DATA:
		return (u64)(m->program.data + arg);
	case SAVED:
		return m->saved[arg];
	case WORD:
		return load(m->program.data + arg, 4);
	default:
		return arg;
	}
}

static void do_store(struct machine *m, const struct step *s)
{
	u64 value = value_of(m, s->kind[0], s->arg[0]);
	u8 *to = m->program.data + s->arg[1];
	if (s->width == STORE_DECIMAL) {
		u8 digits[10];
		int n = 0;
		for (u32 rest = value; n == 0 || rest; rest /= 10)
			digits[n++] = '0' + rest % 10;
		while (n)
			*to++ = digits[--n];
		*to = 0;
		return;
	}
	for (int i = 0; i < (s->width == STORE_U32 ? 4 : 8); i++)
		to[i] = value >> (8 * i);
}

static int tolerates(const struct step *s, s64 result)
{
	for (int i = 0; i < s->tolerated; i++)
		if (result == -(s64)s->tolerate[i])
			return 1;
	return 0;
}

/* The kernel reserves -4095…-1 for errnos; everything else is a result. */
static int failed(s64 result)
{
	return result < 0 && result >= -4095;
}

static s64 do_syscall(const struct machine *m, const struct step *s)
{
	u64 a[6];
	for (int i = 0; i < 6; i++)
		a[i] = value_of(m, s->kind[i], s->arg[i]);
	return sys6(s->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/*
 * In the new process. It closes the shim's descriptor and reports through its own, which the execve that succeeds
 * closes.
 */
static void become_child(struct machine *m)
{
	sys(__NR_close, SHIM_FD, 0, 0);
	sys(__NR_fcntl, CHILD_FD, F_SETFD_, FD_CLOEXEC_);
	m->report_fd = CHILD_FD;
	run_section(m, CHILD);
	run_section(m, EXEC);
	tell_attempts(m);
	quit(DIED);
}

/* Returns whether the section goes on. */
static int run_step(struct machine *m, const struct step *s, u32 index)
{
	s64 result = 0;
	u64 seen = 0;
	if (m->program.flags & FLAG_STEP && m->report_fd >= 0) {
		report(m, BEFORE, index, 0, 0);
		await_go(m);
	}
	switch (s->op) {
	case OP_SYSCALL:
		result = do_syscall(m, s);
		if (s->flags & STEP_FORKS && result == 0)
			become_child(m);
		if (s->flags & STEP_FORKS) {
			sys(__NR_close, CHILD_FD, 0, 0);
			m->forked = result > 0;
		}
		if (s->save != NO_SLOT)
			m->saved[s->save] = result;
		break;
	case OP_STORE:
		do_store(m, s);
		break;
	case OP_EXPECT:
		seen = load(m->program.data + s->arg[0], s->width);
		break;
	case OP_SYNC:
		report(m, SYNC, index, 0, 0);
		await_go(m);
		break;
	}
	if (m->program.flags & FLAG_TRACE)
		report(m, TRACE, index, result, seen);
	if (failed(result) && !tolerates(s, result)) {
		/* A failed entry of PATH: the next one is tried. TypeScript chooses the exit code from all the answers. */
		if (m->section == EXEC)
			note_attempt(m, index, result);
		else
			report(m, FAILED, index, result, 0);
		return m->section == EXEC;
	}
	if (s->op == OP_EXPECT && (seen & s->arg[1]) != s->arg[2]) {
		report(m, FAILED, index, 0, seen);
		return 0;
	}
	return 1;
}

/*
 * Reads to the end what is still sent to a shim that has told its failure. The next program comes while the first one fails:
 * were the socket closed then, that write would break, and Node throws away what it has not read of a socket that breaks.
 */
static void hear_out(void)
{
	u8 rest[4096];

	sys(__NR_close, CHILD_FD, 0, 0);
	sys(__NR_shutdown, SHIM_FD, SHUT_WR_, 0);
	while (read_all(SHIM_FD, rest, sizeof rest) == 0)
		;
}

void run_section(struct machine *m, enum section section)
{
	m->section = section;
	for (u32 i = 0; i < m->program.steps[section]; i++) {
		if (run_step(m, m->program.section[section] + i, i))
			continue;
		if (section >= EXIT)
			return;
		if (section == HOST && !m->forked)
			hear_out();
		quit(DIED);
	}
}

void run_aside(struct machine *m, enum section section)
{
	s64 helper = sys(__NR_clone, SIGCHLD_, 0, 0);
	if (helper == 0) {
		/* CLONE_VFORK waits for the execve. */
		if (sys(__NR_clone, CLONE_VFORK_ | SIGCHLD_, 0, 0) == 0) {
			m->report_fd = NO_REPORT;
			run_section(m, section);
		}
		quit(0);
	}
	if (helper > 0)
		sys4(__NR_wait4, helper, 0, 0, 0);
}
