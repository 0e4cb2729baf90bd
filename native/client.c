/* One connection to the supervisor, framed as protocol.h says. Never blocks. */
#include "client.h"
#include "sys.h"

enum { MSG_DONTWAIT_ = 0x40, MSG_NOSIGNAL_ = 0x4000, SHUT_WR_ = 1 };

/*
 * How long the supervisor waits for clients at its end, in milliseconds: while one may still be reading, and once a
 * client that cleans up has finished.
 */
enum { LINGER = 2000, HURRY = 500 };

struct client clients[CLIENTS];

void client_open(struct client *c, int fd)
{
	c->fd = fd;
	c->open = 1;
	c->attached = c->cleans = c->owes_accepted = c->told = 0;
	c->have = c->pending = c->sent = c->given = c->taken = 0;
}

void client_close(struct client *c)
{
	if (c->open)
		sys(__NR_close, c->fd, 0, 0);
	c->open = c->cleans = c->owes_accepted = 0;
	c->pending = c->have = c->given = c->taken = 0;
}

void client_flush(struct client *c)
{
	while (c->open && c->sent < c->pending) {
		s64 n = sys6(__NR_sendto, c->fd, (u64)(c->out + c->sent), c->pending - c->sent,
			     MSG_DONTWAIT_ | MSG_NOSIGNAL_, 0, 0);
		if (n == -EAGAIN_)
			return;
		if (n < 0 && n != -EINTR_)
			client_close(c);
		else if (n > 0)
			c->sent += n;
	}
	c->pending = c->sent = 0;
}

void client_send(struct client *c, u8 type, u8 detail, const void *payload, u32 length)
{
	if (!c->open)
		return;
	struct frame frame = { type, detail, 0, length };
	__builtin_memcpy(c->out, &frame, sizeof frame);
	__builtin_memcpy(c->out + sizeof frame, payload, length);
	c->pending = sizeof frame + length;
	c->sent = 0;
	client_flush(c);
}

void client_read(struct client *c)
{
	s64 n = sys6(__NR_recvfrom, c->fd, (u64)(c->in + c->have), sizeof c->in - c->have, MSG_DONTWAIT_, 0, 0);
	if (n == -EAGAIN_ || n == -EINTR_)
		return;
	if (n <= 0)
		client_close(c);
	else
		c->have += n;
}

const struct frame *client_frame(struct client *c)
{
	const struct frame *f = (const struct frame *)c->in;
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
	u32 size = sizeof(struct frame) + ((const struct frame *)c->in)->length;
	c->have -= size;
	__builtin_memmove(c->in, c->in + size, c->have);
}

/* --- the end ----------------------------------------------------------------------------------------------------- */

/* Sends as much of the exit message as the client takes now. Input that the client still sends is discarded. */
static void tell(struct client *c, u32 code)
{
	if (c->told == UNTOLD && !c->pending) {
		client_send(c, EXITED, 0, &code, sizeof code);
		c->told = TELLING;
	}
	if (c->told == TELLING && !c->pending && c->open) {
		sys(__NR_shutdown, c->fd, SHUT_WR_, 0);
		c->told = TOLD;
	}
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
			set[i] = (struct pollfd){ c->open ? c->fd : -1, POLLIN_ | (c->pending ? POLLOUT_ : 0), 0 };
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
