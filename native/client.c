/* One connection to the supervisor, framed as protocol.h says. Never blocks. */
#include "client.h"
#include "backlog.h"
#include "sys.h"

enum { MSG_DONTWAIT_ = 0x40, MSG_NOSIGNAL_ = 0x4000, SHUT_WR_ = 1 };

/*
 * How long the supervisor waits for clients at its end, in milliseconds: while one may still be reading, and once a
 * client that cleans up has finished.
 */
enum { LINGER = 2000, HURRY = 500 };

struct client clients[CLIENTS];

/* Apart from the clients: memory that nobody touches does not exist. */
static struct { u8 in[sizeof(struct frame) + CHUNK], input[CHUNK]; } buffers[CLIENTS] __attribute__((aligned(8)));

static u8 *buffer_of(const struct client *c)
{
	return buffers[c - clients].in;
}

const u8 *client_input(const struct client *c)
{
	return buffers[c - clients].input;
}

void client_open(struct client *c, int fd)
{
	*c = (struct client){ .fd = fd, .open = 1 };
}

void client_close(struct client *c)
{
	if (c->open)
		sys(__NR_close, c->fd, 0, 0);
	*c = (struct client){ .attached = c->attached, .told = c->told };
}

void client_attach(struct client *c, u8 bits)
{
	/* Output from now on. One that is in the middle of a frame gets the rest of it. */
	if (!(c->attached & WANTS_OUTPUT) && !c->left)
		c->at = backlog_end();
	c->attached = bits;
}

void client_give(struct client *c, const void *chunk, u32 length)
{
	__builtin_memcpy(buffers[c - clients].input, chunk, length);
	c->given = length;
	c->owes_accepted = 1;
}

static void note(struct client *c, u8 type, const void *payload, u32 length)
{
	struct frame frame = { type, 0, 0, length };
	__builtin_memcpy(c->note, &frame, sizeof frame);
	__builtin_memcpy(c->note + sizeof frame, payload, length);
	c->note_length = sizeof frame + length;
	c->note_sent = 0;
}

/* Between two frames: chooses the next thing to send. Returns 0 where there is none. */
static int choose(struct client *c)
{
	if (c->owes_accepted && !c->given) {
		c->owes_accepted = 0;
		note(c, ACCEPTED, "", 0);
		return 1;
	}
	while (c->attached & WANTS_OUTPUT && c->at < backlog_end()) {
		u32 length;
		const struct frame *f = (const struct frame *)backlog_view(c->at, sizeof *f, &length);
		if (!f) {
			client_close(c);
			return 0;
		}
		if (c->attached & (f->detail == 2 ? WANTS_STDERR : WANTS_STDOUT)) {
			c->left = sizeof *f + f->length;
			return 1;
		}
		c->at += sizeof *f + f->length;
	}
	return 0;
}

void client_flush(struct client *c)
{
	while (c->open) {
		u32 length = c->note_length - c->note_sent;
		const u8 *from = c->note + c->note_sent;
		if (!length && c->left)
			from = backlog_view(c->at, c->left, &length);
		else if (!length && choose(c))
			continue;
		else if (!length)
			return;
		s64 n = from ? sys6(__NR_sendto, c->fd, (u64)from, length, MSG_DONTWAIT_ | MSG_NOSIGNAL_, 0, 0) : -1;
		if (n == -EAGAIN_)
			return;
		if (n == -EINTR_)
			continue;
		if (n < 0) {
			client_close(c);
			return;
		}
		c->moved = 1;
		if (c->note_sent < c->note_length) {
			c->note_sent += n;
		} else {
			c->at += n;
			c->left -= n;
		}
	}
}

int client_is_behind(const struct client *c)
{
	return c->open && (c->left || (c->attached & WANTS_OUTPUT && c->at < backlog_end()));
}

int client_lags(const struct client *c)
{
	return (c->open && c->note_sent < c->note_length) || client_is_behind(c);
}

void client_read(struct client *c)
{
	u64 room = sizeof(struct frame) + CHUNK - c->have;
	s64 n = sys6(__NR_recvfrom, c->fd, (u64)(buffer_of(c) + c->have), room, MSG_DONTWAIT_, 0, 0);
	if (n == -EAGAIN_ || n == -EINTR_)
		return;
	if (n <= 0)
		client_close(c);
	else
		c->have += n;
}

const struct frame *client_frame(struct client *c)
{
	const struct frame *f = (const struct frame *)buffer_of(c);
	if (!c->open || c->have < sizeof *f)
		return 0;
	if (f->length > CHUNK) {
		client_close(c);
		return 0;
	}
	return c->have >= sizeof *f + f->length ? f : 0;
}

void client_next(struct client *c)
{
	if (!c->open)
		return;
	u8 *in = buffer_of(c);
	u32 size = sizeof(struct frame) + ((const struct frame *)in)->length;
	c->have -= size;
	__builtin_memmove(in, in + size, c->have);
}

/* --- the end ----------------------------------------------------------------------------------------------------- */

/* Sends as much of the exit message as the client takes now. Input that the client still sends is discarded. */
static void tell(struct client *c, u32 code)
{
	if (c->told == UNTOLD && !client_lags(c)) {
		note(c, EXITED, &code, sizeof code);
		c->told = TELLING;
		client_flush(c);
	}
	if (c->told == TELLING && !client_lags(c) && c->open) {
		sys(__NR_shutdown, c->fd, SHUT_WR_, 0);
		c->told = TOLD;
	}
}

void tell_those_who_wait(u32 code)
{
	for (int i = 0; i < CLIENTS; i++)
		if (clients[i].open && !clients[i].attached && !clients[i].cleans)
			tell(&clients[i], code);
}

static s64 earlier(s64 a, s64 b)
{
	return a == FOREVER || b < a ? b : a;
}

int part_from_clients(u32 code, int listen_fd)
{
	int cleaned = 0;
	for (s64 deadline = FOREVER;;) {
		struct pollfd set[CLIENTS + 1];
		int there = 0, untold = 0;
		for (int i = 0; i < CLIENTS; i++) {
			struct client *c = &clients[i];
			if (c->open)
				tell(c, code);
			cleaned |= c->told == TOLD && c->cleans;
			untold |= c->open && c->told != TOLD;
			there |= c->open;
			set[i] = (struct pollfd){ c->open ? c->fd : -1, POLLIN_ | (client_lags(c) ? POLLOUT_ : 0), 0 };
		}
		if (!there)
			return cleaned;
		if (cleaned || !untold)
			deadline = deadline == FOREVER ? uptime() + LINGER : deadline;
		s64 left = deadline == FOREVER ? FOREVER : deadline - uptime();
		set[CLIENTS] = (struct pollfd){ deadline == FOREVER ? listen_fd : -1, POLLIN_, 0 };
		if ((deadline != FOREVER && left <= 0) || poll_for(set, CLIENTS + 1, left) == 0)
			return cleaned;
		if (set[CLIENTS].revents)
			deadline = uptime() + LINGER;
		for (int i = 0; i < CLIENTS; i++) {
			struct client *c = &clients[i];
			u8 cleans = c->cleans;
			if (set[i].revents & POLLOUT_)
				client_flush(c);
			c->have = 0;
			if (set[i].revents & (POLLIN_ | POLLHUP_ | POLLERR_))
				client_read(c);
			if (cleans && !c->open && c->told == TOLD)
				deadline = earlier(deadline, uptime() + HURRY);
		}
	}
}
