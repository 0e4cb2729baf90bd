/*
 * The supervisor: what is left of the shim while the container lives. Single-threaded, one poll loop, no allocation.
 *
 * Backpressure: each client has room for one frame; while any attached client has not taken its last one, the
 * container's output is not read, so a slow reader slows the container down and costs no memory.
 */
#include "supervise.h"
#include "client.h"
#include "sys.h"

enum {
	POLLIN_ = 1, POLLOUT_ = 4, POLLERR_ = 8, POLLHUP_ = 16,
	SIGPIPE_ = 13, SIGCHLD_ = 17, SIG_BLOCK_ = 0, WNOHANG_ = 1,
	SFD_CLOEXEC_ = 02000000, SFD_NONBLOCK_ = 04000, SOCK_CLOEXEC_ = 02000000,
	F_SETFL_ = 4, O_RDWR_ = 2, O_NONBLOCK_ = 04000,
	TIOCSWINSZ_ = 0x5414, MSG_CMSG_CLOEXEC_ = 0x40000000, CLOCK_REALTIME_ = 0,
	IDLE_MS = 100, /* after the child is gone: how long a stranger may stay silent on its output */
	LINGER_SECONDS = 2, SHUT_WR_ = 1,
	NONE = -1,
};

struct pollfd { int fd; short events, revents; };
struct timespec { s64 sec, nsec; };
struct iovec { const void *base; u64 length; };
struct winsize { u16 rows, columns, x, y; };

static struct client clients[CLIENTS];
static u8 chunk[CHUNK], input[CHUNK];
static u32 input_length, input_done;
static int input_closing, tty;
static int child, child_gone, exit_done;
static int stdin_fd = NONE, console_fd = NONE, log_fd = NONE, listen_fd = NONE;
static int output_fd[2] = { NONE, NONE }; /* stdout (or the pty's master), stderr */
static struct winsize window;
static int window_set;
static u32 status_slot = NO_SLOT;

static void close_fd(int *fd)
{
	if (*fd != NONE)
		sys(__NR_close, *fd, 0, 0);
	*fd = NONE;
}

/* --- output ------------------------------------------------------------------------------------------------------ */

static u32 decimal(u8 *to, u64 value, int width)
{
	u8 digits[20];
	int n = 0;
	for (; n < width || value || n == 0; value /= 10)
		digits[n++] = '0' + value % 10;
	for (int i = 0; i < n; i++)
		to[i] = digits[n - 1 - i];
	return n;
}

/* "SECONDS.NANOSECONDS out|err LENGTH\n", then that many bytes as they came. */
static void append_log(int stream, u32 length)
{
	if (log_fd == NONE)
		return;
	struct timespec now;
	sys(__NR_clock_gettime, CLOCK_REALTIME_, &now, 0);
	u8 line[64];
	u32 n = decimal(line, now.sec, 1);
	line[n++] = '.';
	n += decimal(line + n, now.nsec, 9);
	__builtin_memcpy(line + n, stream ? " err " : " out ", 5);
	n += 5 + decimal(line + n + 5, length, 1);
	line[n++] = '\n';
	struct iovec parts[2] = { { line, n }, { chunk, length } };
	/* A full disk loses log lines, not the container. */
	sys(__NR_writev, log_fd, parts, 2);
}

static int a_client_lags(void)
{
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].open && clients[i].pending)
			return 1;
	return 0;
}

static void copy_output(int stream)
{
	s64 n = sys(__NR_read, output_fd[stream], chunk, CHUNK);
	if (n == -EAGAIN_ || n == -EINTR_)
		return;
	/* EIO from a pty: its last slave was closed. */
	if (n <= 0) {
		if (tty)
			stdin_fd = NONE;
		close_fd(&output_fd[stream]);
		return;
	}
	append_log(stream, n);
	u8 wanted = stream ? WANTS_STDERR : WANTS_STDOUT;
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].attached & wanted)
			client_send(&clients[i], OUTPUT, stream + 1, chunk, n);
}

/* --- input ------------------------------------------------------------------------------------------------------- */

static void settle_input(void)
{
	input_length = input_done = 0;
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].owes_accepted && !clients[i].pending) {
			clients[i].owes_accepted = 0;
			client_send(&clients[i], ACCEPTED, 0, "", 0);
		}
	if (input_closing && !tty)
		close_fd(&stdin_fd);
}

static void write_input(void)
{
	while (input_done < input_length && stdin_fd != NONE) {
		s64 n = sys(__NR_write, stdin_fd, input + input_done, input_length - input_done);
		if (n == -EAGAIN_)
			return;
		if (n > 0)
			input_done += n;
		else if (n != -EINTR_)
			break; /* nobody reads any more: what is left has no reader */
	}
	settle_input();
}

static void apply_window(void)
{
	if (window_set && tty && output_fd[0] != NONE)
		sys(__NR_ioctl, output_fd[0], TIOCSWINSZ_, &window);
}

/* The child made the pty inside its own devpts and sends us the master. */
static void receive_console(void)
{
	struct { u64 length; int level, type, fd, pad; } control = { 0 };
	u8 byte;
	struct iovec part = { &byte, 1 };
	struct {
		void *name; u32 namelen, pad; struct iovec *iov; u64 iovlen; void *control; u64 controllen; u32 flags, pad2;
	} message = { 0, 0, 0, &part, 1, &control, sizeof control, 0, 0 };
	s64 n = sys(__NR_recvmsg, console_fd, &message, MSG_CMSG_CLOEXEC_);
	close_fd(&console_fd);
	if (n != 1 || control.length != 20)
		return;
	output_fd[0] = stdin_fd = control.fd;
	sys(__NR_fcntl, control.fd, F_SETFL_, O_RDWR_ | O_NONBLOCK_);
	tty = 1;
	apply_window();
}

/* --- clients ----------------------------------------------------------------------------------------------------- */

/* Returns 0 where the frame has to wait. */
static int obey(struct client *c, const struct frame *f)
{
	const u8 *payload = (const u8 *)(f + 1);
	u32 number = 0;
	switch (f->type) {
	case ATTACH:
		c->attached = f->detail;
		return 1;
	case INPUT:
		if (input_length)
			return 0;
		__builtin_memcpy(input, payload, f->length);
		input_length = f->length;
		c->owes_accepted = 1;
		write_input();
		return 1;
	case END:
		input_closing = 1;
		if (!input_length)
			settle_input();
		return 1;
	case WINDOW:
		if (f->length == sizeof window) {
			__builtin_memcpy(&window, payload, sizeof window);
			window_set = 1;
			apply_window();
		}
		return 1;
	case KILL:
		if (f->length == sizeof number)
			__builtin_memcpy(&number, payload, sizeof number);
		/* We are its parent and have not reaped it: the pid is its, whatever else dies. */
		if (!child_gone)
			sys(__NR_kill, child, number, 0);
		return 1;
	case CLEANS:
		c->cleans = f->detail;
		return 1;
	}
	client_close(c);
	return 0;
}

static void serve(struct client *c)
{
	u8 had_stdin = c->attached & WANTS_STDIN;
	client_read(c);
	for (const struct frame *f; (f = client_frame(c)) && obey(c, f);)
		client_next(c);
	/* `run -i` ends its container's input when it goes away, as Docker's StdinOnce; a terminal outlives it. */
	if (!c->open && had_stdin && !tty) {
		input_closing = 1;
		if (!input_length)
			settle_input();
	}
}

static void accept_client(void)
{
	s64 fd = sys4(__NR_accept4, listen_fd, 0, 0, SOCK_CLOEXEC_);
	if (fd < 0)
		return;
	for (int i = 0; i < CLIENTS; i++)
		if (!clients[i].open) {
			client_open(&clients[i], fd);
			return;
		}
	sys(__NR_close, fd, 0, 0);
}

/* --- the child's end --------------------------------------------------------------------------------------------- */

static void run_exit_section(struct machine *m)
{
	if (!exit_done)
		run_section(m, EXIT);
	exit_done = 1;
}

static void reap_child(struct machine *m, int signal_fd)
{
	u8 info[128];
	sys(__NR_read, signal_fd, info, sizeof info);
	int status = 0;
	if (sys4(__NR_wait4, child, &status, WNOHANG_, 0) != child)
		return;
	child_gone = 1;
	m->saved[status_slot] = status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

/*
 * Waits until the client has read all and closes its end. If we just went, input that it sends meanwhile would fail, and
 * its end of the socket would be gone before it read EXITED.
 */
static void part_from(struct client *c)
{
	struct timespec patience = { LINGER_SECONDS, 0 };
	struct pollfd p = { c->fd, POLLIN_, 0 };
	sys(__NR_shutdown, c->fd, SHUT_WR_, 0);
	while (sys6(__NR_ppoll, (u64)&p, 1, (u64)&patience, 0, 8, 0) > 0)
		if (sys(__NR_read, c->fd, chunk, CHUNK) <= 0)
			return;
}

_Noreturn static void finish(struct machine *m)
{
	run_exit_section(m);
	u32 code = m->saved[status_slot];
	int cleaned = 0;
	for (int i = 0; i < CLIENTS; i++) {
		struct client *c = &clients[i];
		client_send(c, EXITED, 0, &code, sizeof code);
		while (c->open && c->pending) {
			struct pollfd p = { c->fd, POLLOUT_, 0 };
			sys6(__NR_ppoll, (u64)&p, 1, 0, 0, 8, 0);
			client_flush(c);
		}
	}
	/* Whoever could not be told is gone and cleans nothing. */
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].open) {
			cleaned |= clients[i].cleans;
			part_from(&clients[i]);
		}
	if (!cleaned)
		run_section(m, REAP);
	quit(0);
}

/* --- the loop ---------------------------------------------------------------------------------------------------- */

static void take_roles(struct machine *m)
{
	int *fds[ROLES] = {
		[ROLE_CHILD] = &child, [ROLE_STDIN] = &stdin_fd, [ROLE_STDOUT] = &output_fd[0], [ROLE_STDERR] = &output_fd[1],
		[ROLE_CONSOLE] = &console_fd, [ROLE_LOG] = &log_fd, [ROLE_LISTEN] = &listen_fd,
	};
	for (u32 i = 0; i < m->program.supervised; i++) {
		const struct supervise_entry *e = &m->program.supervise[i];
		if (e->role == ROLE_STATUS)
			status_slot = e->arg;
		else
			*fds[e->role] = value_of(m, e->kind, e->arg);
	}
	if (status_slot >= MAX_SLOTS)
		status_slot = MAX_SLOTS - 1;
	if (stdin_fd != NONE)
		sys(__NR_fcntl, stdin_fd, F_SETFL_, 1 | O_NONBLOCK_);
}

static int watch(struct pollfd *set, int n, int fd, short events)
{
	set[n] = (struct pollfd){ fd, events, 0 };
	return n + 1;
}

_Noreturn void supervise(struct machine *m)
{
	u64 mask = 1UL << (SIGCHLD_ - 1) | 1UL << (SIGPIPE_ - 1);
	take_roles(m);
	sys4(__NR_rt_sigprocmask, SIG_BLOCK_, &mask, 0, sizeof mask);
	int signal_fd = sys4(__NR_signalfd4, -1, &mask, sizeof mask, SFD_CLOEXEC_ | SFD_NONBLOCK_);
	/* Deaf to the end of its child it would wait for ever; dead it takes the child along. */
	if (signal_fd < 0)
		quit(125);
	struct report started = { 0, 0, child, 0 };
	send_frame(SHIM_FD, PID, HOST, &started, sizeof started);
	client_open(&clients[0], SHIM_FD);
	/* The launcher cleans up until it says otherwise: of a child that dies at once the end may come before its word. */
	clients[0].cleans = 1;
	/* It may have died before SIGCHLD was blocked. */
	reap_child(m, signal_fd);

	for (;;) {
		struct pollfd set[6 + CLIENTS];
		int n = 0, lags = a_client_lags();
		n = watch(set, n, signal_fd, POLLIN_);
		n = watch(set, n, listen_fd, POLLIN_);
		n = watch(set, n, console_fd, POLLIN_);
		n = watch(set, n, input_length ? stdin_fd : NONE, POLLOUT_);
		for (int i = 0; i < 2; i++)
			n = watch(set, n, lags ? NONE : output_fd[i], POLLIN_);
		for (int i = 0; i < CLIENTS; i++) {
			struct client *c = &clients[i];
			short events = (client_frame(c) ? 0 : POLLIN_) | (c->pending ? POLLOUT_ : 0);
			/* Not even for a hang-up while its frame has to wait: poll would return at once, over and over. */
			n = watch(set, n, c->open && events ? c->fd : NONE, events);
		}
		if (child_gone && lags)
			run_exit_section(m);
		if (child_gone && !lags && output_fd[0] == NONE && output_fd[1] == NONE && console_fd == NONE)
			finish(m);
		struct timespec idle = { 0, IDLE_MS * 1000000L };
		s64 ready = sys6(__NR_ppoll, (u64)set, n, child_gone && !lags ? (u64)&idle : 0, 0, 8, 0);
		if (ready == 0)
			finish(m);
		if (ready < 0)
			continue;
		/* Clients before output: who attached before "go" sees the first byte. */
		for (int i = 0; i < CLIENTS; i++) {
			struct client *c = &clients[i];
			short events = set[6 + i].revents;
			if (!c->open)
				continue;
			if (events & POLLOUT_)
				client_flush(c);
			if (events & (POLLIN_ | POLLHUP_ | POLLERR_) || client_frame(c))
				serve(c);
			if (c->open && c->owes_accepted && !input_length && !c->pending)
				settle_input();
		}
		if (set[2].revents)
			receive_console();
		if (set[3].revents)
			write_input();
		for (int i = 0; i < 2; i++)
			if (set[4 + i].revents && output_fd[i] == set[4 + i].fd && !a_client_lags())
				copy_output(i);
		if (set[0].revents)
			reap_child(m, signal_fd);
		if (set[1].revents)
			accept_client();
	}
}
