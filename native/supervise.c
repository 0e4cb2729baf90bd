/*
 * The supervisor: what the shim does while the container lives. Single-threaded, one poll loop, no allocation.
 *
 * Output that a client has not taken waits in the backlog, and neither the process nor another client waits for it.
 * Where the backlog has no room, output is not read: a slow reader slows the process down and costs no memory. A
 * client's input waits in that client until the process reads it, and no other message waits behind it.
 *
 * Only ppoll blocks. All other calls are non-blocking, because a process can reopen its own pipe (/proc/self/fd/1) and
 * read bytes that ppoll announced to us.
 */
#include "supervise.h"
#include "backlog.h"
#include "client.h"
#include "log.h"
#include "notice.h"
#include "sys.h"

enum {
	SIGKILL_ = 9, SIGPIPE_ = 13, SIGCHLD_ = 17, SIG_BLOCK_ = 0, WNOHANG_ = 1,
	SFD_CLOEXEC_ = 02000000, SFD_NONBLOCK_ = 04000, SOCK_CLOEXEC_ = 02000000,
	F_SETFL_ = 4, O_NONBLOCK_ = 04000,
	TIOCSWINSZ_ = 0x5414, FIONREAD_ = 0x541b, MSG_CMSG_CLOEXEC_ = 0x40000000,
	IDLE = 100,  /* milliseconds after the child is gone: how long a stranger may stay silent on its output */
	CHAT = 2000, /* and how long he may go on printing there */
	LAG = 1000,  /* how long a client may take nothing while somebody else waits for the end */
	DRAIN = 10000, /* and how long it may take at all, from the child's end on */
	RETRY = 100, /* where a client cannot be accepted, because no descriptor is free: when to try again */
	STALL = 30000, /* how long a client may take nothing while there is no room for output because of it */
	TURNS = 16,  /* how often an output is read before the others have their turn */
	NONE = -1,
};

struct iovec { const void *base; u64 length; };
struct winsize { u16 rows, columns, x, y; };

static u32 giver; /* the client whose input goes in first: a chunk that was begun is not mixed with another's */
static int input_closing, tty;
static int child, child_gone, exit_done, reap_done;
static int stdin_fd = NONE, console_fd = NONE, listen_fd = NONE;
static int relay_fd = NONE; /* readable where there is something for the relay */
static s64 relay;           /* its process, while one runs */
static int output_fd[2] = { NONE, NONE }; /* stdout (or the pty's master), stderr */
static s64 own[2];   /* bytes that the child itself may have left there at its end */
static s64 chat_end; /* from then on only those are read */
static struct winsize window;
static int window_set;
static u32 status_slot = NO_SLOT;
static int blocked; /* there was no room for output, and no client has taken any since */
static s64 drain_end = FOREVER;
static s64 accept_at; /* 0, or when to try again */

static void close_fd(int *fd)
{
	if (*fd != NONE)
		sys(__NR_close, *fd, 0, 0);
	*fd = NONE;
}

/* O_NONBLOCK belongs to the open file description; the other end of a pipe has another one. */
static void never_block(int fd)
{
	if (fd != NONE)
		sys(__NR_fcntl, fd, F_SETFL_, O_NONBLOCK_);
}

/* --- input ------------------------------------------------------------------------------------------------------- */

static int input_waits(void)
{
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].given)
			return 1;
	return 0;
}

/* Gives the process the input that it takes now. Where nobody reads, input counts as taken. */
static void write_input(void)
{
	/* The pty's master has not arrived yet. */
	if (console_fd != NONE)
		return;
	for (int i = 0; i < CLIENTS; i++, giver = (giver + 1) % CLIENTS) {
		struct client *c = &clients[giver];
		while (c->taken < c->given && stdin_fd != NONE) {
			s64 n = sys(__NR_write, stdin_fd, client_input(c) + c->taken, c->given - c->taken);
			if (n == -EAGAIN_)
				return;
			if (n > 0)
				c->taken += n;
			else if (n != -EINTR_)
				break;
		}
		c->given = c->taken = 0;
	}
	if (input_closing && !tty)
		close_fd(&stdin_fd);
}

/* With a client that attached so the process's input ends, as with Docker's StdinOnce. A terminal stays open. */
static void notice_departures(void)
{
	for (int i = 0; i < CLIENTS; i++) {
		struct client *c = &clients[i];
		if (c->open || !c->attached)
			continue;
		if (c->attached & WANTS_STDIN && c->attached & ENDS_STDIN) {
			input_closing = 1;
			write_input();
		}
		c->attached = 0;
	}
}

static void tell_accepted(void)
{
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].open && clients[i].owes_accepted && !clients[i].given)
			client_flush(&clients[i]);
}

/* --- output ------------------------------------------------------------------------------------------------------ */

static int a_client_lags(void)
{
	for (int i = 0; i < CLIENTS; i++)
		if (client_lags(&clients[i]))
			return 1;
	return 0;
}

/* Empties the backlog where no client needs it any more. Returns the first position that one needs. */
static u64 settle_backlog(void)
{
	u64 oldest = backlog_end();
	for (int i = 0; i < CLIENTS; i++)
		if (client_is_behind(&clients[i]) && clients[i].at < oldest)
			oldest = clients[i].at;
	if (oldest < backlog_end())
		return oldest;
	backlog_clear();
	for (int i = 0; i < CLIENTS; i++)
		clients[i].at = 0;
	return 0;
}

static int somebody_reads(void)
{
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].open && clients[i].attached & WANTS_OUTPUT)
			return 1;
	return 0;
}

/* Returns whether there may be more. */
static int copy_chunk(struct machine *m, int stream)
{
	u8 *chunk = backlog_room(settle_backlog());
	if (!chunk) {
		blocked = 1;
		return 0;
	}
	s64 n = sys(__NR_read, output_fd[stream], chunk, CHUNK);
	if (n == -EAGAIN_ || n == -EINTR_)
		return 0;
	/* EIO from a pty: its last slave was closed. */
	if (n <= 0) {
		if (tty)
			stdin_fd = NONE;
		close_fd(&output_fd[stream]);
		log_end(m, stream);
		write_input();
		return 0;
	}
	log_append(m, stream, chunk, n);
	own[stream] -= n;
	backlog_add(stream + 1, n);
	if (!somebody_reads())
		return !child_gone;
	/* What a client has seen is in the log. */
	log_flush();
	for (int i = 0; i < CLIENTS; i++)
		client_flush(&clients[i]);
	return 0;
}

/* Where nobody reads, the log is written for all that is there: a process that prints line by line fills a pipe meanwhile. */
static void copy_output(struct machine *m, int stream)
{
	for (int turn = 0; turn < TURNS && copy_chunk(m, stream); turn++)
		;
	log_flush();
}

static void apply_window(void)
{
	if (window_set && tty && output_fd[0] != NONE)
		sys(__NR_ioctl, output_fd[0], TIOCSWINSZ_, &window);
}

/* The child made the pty in its own devpts and sends the master to us. */
static void receive_console(void)
{
	struct { u64 length; int level, type, fd, pad; } control = { 0 };
	u8 byte;
	struct iovec part = { &byte, 1 };
	struct {
		void *name; u32 namelen, pad; struct iovec *iov; u64 iovlen; void *control; u64 controllen; u32 flags, pad2;
	} message = { 0, 0, 0, &part, 1, &control, sizeof control, 0, 0 };
	s64 n = sys(__NR_recvmsg, console_fd, &message, MSG_CMSG_CLOEXEC_);
	if (n == -EAGAIN_ || n == -EINTR_)
		return;
	close_fd(&console_fd);
	if (n == 1 && control.length == 20) {
		output_fd[0] = stdin_fd = control.fd;
		never_block(control.fd);
		tty = 1;
		apply_window();
	}
	write_input();
}

/* --- clients ----------------------------------------------------------------------------------------------------- */

static void obey(struct client *c, const struct frame *f)
{
	const u8 *payload = (const u8 *)(f + 1);
	u32 number = 0;
	switch (f->type) {
	case ATTACH:
		client_attach(c, f->detail);
		if (c == &clients[CONTROL] && c->attached)
			break;
		return;
	case INPUT:
		if (c->owes_accepted)
			break;
		client_give(c, payload, f->length);
		write_input();
		return;
	case END:
		input_closing = 1;
		write_input();
		return;
	case WINDOW:
		if (f->length == sizeof window) {
			__builtin_memcpy(&window, payload, sizeof window);
			window_set = 1;
			apply_window();
		}
		return;
	case KILL:
		if (f->length == sizeof number)
			__builtin_memcpy(&number, payload, sizeof number);
		/* We are the parent and have not reaped the child, so the pid cannot belong to another process. */
		if (!child_gone)
			sys(__NR_kill, child, number, 0);
		return;
	case CLEANS:
		c->cleans = f->detail;
		return;
	}
	client_close(c);
}

static void serve(struct client *c)
{
	client_read(c);
	for (const struct frame *f; (f = client_frame(c)); client_next(c))
		obey(c, f);
}

static void accept_client(void)
{
	s64 fd = sys4(__NR_accept4, listen_fd, 0, 0, SOCK_CLOEXEC_);
	if (fd < 0) {
		/* The client stays in the queue, where poll would announce it at once. */
		accept_at = uptime() + RETRY;
		return;
	}
	int place = LAUNCHER + 1;
	while (place < CONTROL && clients[place].open)
		place++;
	client_close(&clients[place]);
	notice_departures();
	client_open(&clients[place], fd);
}

/* How long until clients are accepted again, in milliseconds; 0 where they are now. */
static s64 accept_wait(void)
{
	if (accept_at && accept_at <= uptime())
		accept_at = 0;
	return accept_at ? accept_at - uptime() : 0;
}

/*
 * Whether a client that has taken all output waits for the end. The launcher may wait for it too; it counts once there
 * is nothing else to wait for.
 */
static int end_is_awaited(void)
{
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].open && clients[i].cleans && !client_lags(&clients[i]) && (i != LAUNCHER || child_gone))
			return 1;
	return 0;
}

static int another_reads(const struct client *c)
{
	for (int i = 0; i < CLIENTS; i++)
		if (c != &clients[i] && clients[i].open && clients[i].attached & WANTS_OUTPUT && !client_is_behind(&clients[i]))
			return 1;
	return 0;
}

/* Whether a client that takes nothing is cut off in the end. The process was started for its launcher, which may wait. */
static int holds_up(const struct client *c)
{
	return blocked && client_is_behind(c) && (c != &clients[LAUNCHER] || another_reads(c));
}

/*
 * How long the loop may wait, in milliseconds. Cuts off clients whose time is over: 0 then, since there is something to
 * do at once.
 */
static s64 patience(void)
{
	if (!a_client_lags())
		return child_gone ? IDLE : FOREVER;
	s64 now = uptime(), wait = child_gone && now < chat_end ? chat_end - now : FOREVER;
	int awaited = (blocked || child_gone) && end_is_awaited();
	if (!awaited)
		drain_end = FOREVER;
	else if (drain_end == FOREVER)
		drain_end = now + DRAIN;
	for (int i = 0; i < CLIENTS; i++) {
		struct client *c = &clients[i];
		if (!client_lags(c)) {
			c->since = 0;
			continue;
		}
		if (c->moved || !c->since)
			c->since = now;
		c->moved = 0;
		if (!awaited && !holds_up(c))
			continue;
		s64 end = c->since + (awaited ? LAG : STALL);
		if (awaited && drain_end < end)
			end = drain_end;
		if (end <= now) {
			client_close(c);
			blocked = wait = 0;
		} else if (wait == FOREVER || end - now < wait) {
			wait = end - now;
		}
	}
	return wait;
}

/* --- the relay --------------------------------------------------------------------------------------------------- */

/* As inetd(8) with `wait`: a process serves the sockets, and we wait at them again once it has ended. */
static void start_relay(struct machine *m)
{
	relay = sys(__NR_clone, SIGCHLD_, 0, 0);
	if (relay == 0) {
		m->report_fd = NONE;
		run_section(m, RELAY);
	}
	/* It could not be started, and would be again at once. */
	if (relay <= 0)
		poll_for(0, 0, relay ? 100 : 1000);
	if (relay == 0)
		quit(125);
}

/* It holds the ports open, and has nobody to reach any more. */
static void end_relay(void)
{
	if (relay <= 0)
		return;
	sys(__NR_kill, relay, SIGKILL_, 0);
	sys4(__NR_wait4, relay, 0, 0, 0);
	relay = 0;
	close_fd(&relay_fd);
}

/* --- the child's end --------------------------------------------------------------------------------------------- */

static void run_exit_section(struct machine *m)
{
	if (exit_done)
		return;
	end_relay();
	/*
	 * A report must not be written into the middle of a frame of output, nor to another connection that has the
	 * launcher's descriptor number by now.
	 */
	if (!clients[LAUNCHER].open || client_lags(&clients[LAUNCHER]))
		m->report_fd = NONE;
	run_section(m, EXIT);
	exit_done = 1;
}

static void reap_child(struct machine *m, int signal_fd)
{
	u8 info[128];
	sys(__NR_read, signal_fd, info, sizeof info);
	int status = 0, ended = 0, any = 0;
	/*
	 * Also what was orphaned below us: where the child has no PID namespace of its own the host section makes us the
	 * one who takes that in (PR_SET_CHILD_SUBREAPER).
	 */
	for (s64 pid; (pid = sys4(__NR_wait4, -1, &any, WNOHANG_, 0)) > 0;)
		if (pid == child) {
			ended = 1;
			status = any;
		} else if (pid == relay) {
			relay = 0;
		}
	if (!ended)
		return;
	child_gone = 1;
	chat_end = uptime() + CHAT;
	for (int i = 0; i < 2; i++) {
		int left = 0;
		if (output_fd[i] != NONE)
			sys(__NR_ioctl, output_fd[i], FIONREAD_, &left);
		own[i] = left;
	}
	m->saved[status_slot] = status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

/*
 * Whether all output of a child that is gone has been read. A process that it left in the background can hold its
 * output open and print there for ever.
 */
static int output_is_over(void)
{
	if (console_fd == NONE && output_fd[0] == NONE && output_fd[1] == NONE)
		return 1;
	return own[0] <= 0 && own[1] <= 0 && uptime() >= chat_end;
}

/* Has the end cleaned up, unless a client does so: those that are behind with the output do not hold that up. */
static void reap_meanwhile(struct machine *m)
{
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].open && clients[i].cleans)
			return;
	if (!reap_done)
		run_aside(m, REAP);
	reap_done = 1;
}

_Noreturn static void finish(struct machine *m)
{
	for (int stream = 0; stream < 2; stream++)
		log_end(m, stream);
	run_exit_section(m);
	int cleaned = part_from_clients(m->saved[status_slot], listen_fd);
	m->report_fd = NONE;
	if (!cleaned && !reap_done)
		run_section(m, REAP);
	quit(0);
}

/* --- the loop ---------------------------------------------------------------------------------------------------- */

static void take_roles(struct machine *m)
{
	int *fds[ROLES] = {
		[ROLE_CHILD] = &child, [ROLE_STDIN] = &stdin_fd, [ROLE_STDOUT] = &output_fd[0], [ROLE_STDERR] = &output_fd[1],
		[ROLE_CONSOLE] = &console_fd, [ROLE_LISTEN] = &listen_fd,
		[ROLE_RELAY] = &relay_fd,
	};
	for (u32 i = 0; i < m->program.supervised; i++) {
		const struct supervise_entry *e = &m->program.supervise[i];
		if (e->role == ROLE_STATUS)
			status_slot = e->arg;
		else if (e->role == ROLE_LOG)
			log_use_file(value_of(m, e->kind, e->arg));
		else if (e->role == ROLE_FORM_STDOUT || e->role == ROLE_FORM_STDERR)
			log_use_form(e->role == ROLE_FORM_STDERR, m->program.data + e->arg, m->program.data_size - e->arg);
		else if (e->role == ROLE_LOG_SIZE)
			log_use_size(value_of(m, e->kind, e->arg));
		else if (e->role == ROLE_BELL)
			notice_use_bell(value_of(m, e->kind, e->arg));
		else if (e->role == ROLE_COUNTER)
			notice_use_counter(value_of(m, e->kind, e->arg));
		else if (e->role == ROLE_COUNTER_WORD)
			notice_use_word(m->program.data + e->arg, m->program.data_size - e->arg);
		else if (e->role == ROLE_BACKLOG)
			backlog_path(value_of(m, e->kind, e->arg));
		else
			*fds[e->role] = value_of(m, e->kind, e->arg);
	}
	if (status_slot >= MAX_SLOTS)
		status_slot = MAX_SLOTS - 1;
	never_block(stdin_fd);
	never_block(output_fd[0]);
	never_block(output_fd[1]);
	never_block(console_fd);
	never_block(listen_fd);
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
	/*
	 * Without the signalfd we would never notice the end of the child. If we exit, the kernel ends the child as well
	 * (PR_SET_PDEATHSIG).
	 */
	if (signal_fd < 0)
		quit(125);
	struct report started = { 0, 0, child, 0 };
	send_frame(SHIM_FD, PID, HOST, &started, sizeof started);
	/*
	 * Reports of the exit section must not block; where the client lets each step go (FLAG_STEP), blocking is wanted.
	 */
	if (!(m->program.flags & FLAG_STEP))
		never_block(SHIM_FD);
	client_open(&clients[LAUNCHER], SHIM_FD);
	/*
	 * The launcher counts as one that cleans up until it says otherwise: a child that dies at once may end before the
	 * launcher's message arrives.
	 */
	clients[LAUNCHER].cleans = 1;
	/* The child may have died before SIGCHLD was blocked. */
	reap_child(m, signal_fd);

	for (;;) {
		struct pollfd set[8 + CLIENTS];
		notice_departures();
		tell_accepted();
		s64 limit = patience(), pause = accept_wait();
		int soon = pause > 0 && (limit == FOREVER || pause < limit);
		int n = 0, lags = a_client_lags(), over = child_gone && output_is_over();
		n = watch(set, n, signal_fd, POLLIN_);
		n = watch(set, n, pause > 0 ? NONE : listen_fd, POLLIN_);
		n = watch(set, n, console_fd, POLLIN_);
		n = watch(set, n, input_waits() ? stdin_fd : NONE, POLLOUT_);
		for (int i = 0; i < 2; i++)
			n = watch(set, n, blocked || over ? NONE : output_fd[i], POLLIN_);
		for (int i = 0; i < CLIENTS; i++)
			n = watch(set, n, clients[i].open ? clients[i].fd : NONE, POLLIN_ | (client_lags(&clients[i]) ? POLLOUT_ : 0));
		n = watch(set, n, relay > 0 ? NONE : relay_fd, POLLIN_);
		n = watch(set, n, child_gone ? NONE : notice_fd(), notice_events());
		if (child_gone && lags)
			run_exit_section(m);
		if (lags && (over || (child_gone && uptime() >= chat_end))) {
			tell_those_who_wait(m->saved[status_slot]);
			reap_meanwhile(m);
		}
		if (over && !lags)
			finish(m);
		s64 ready = poll_for(set, n, soon ? pause : limit);
		if (ready < 0 || (ready == 0 && soon))
			continue;
		/* Clients are served before output: a client that attached before "go" sees the first byte. */
		for (int i = 0; i < CLIENTS; i++) {
			if (set[6 + i].revents)
				blocked = 0;
			if (set[6 + i].revents & POLLOUT_)
				client_flush(&clients[i]);
			if (set[6 + i].revents & (POLLIN_ | POLLHUP_ | POLLERR_) && clients[i].open)
				serve(&clients[i]);
		}
		if (ready == 0 && !lags)
			finish(m);
		if (set[7 + CLIENTS].revents && notice_taken())
			run_aside(m, NOTICE);
		if (set[2].revents)
			receive_console();
		if (set[3].revents)
			write_input();
		for (int i = 0; i < 2; i++)
			if (set[4 + i].revents && output_fd[i] == set[4 + i].fd)
				copy_output(m, i);
		if (set[0].revents)
			reap_child(m, signal_fd);
		if (set[1].revents)
			accept_client();
		if (set[6 + CLIENTS].revents)
			start_relay(m);
	}
}
