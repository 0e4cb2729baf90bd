/* One connection to the supervisor, framed as protocol.h says. Never blocks. */
#include "client.h"
#include "sys.h"

enum { MSG_DONTWAIT_ = 0x40, MSG_NOSIGNAL_ = 0x4000 };

void client_open(struct client *c, int fd)
{
	c->fd = fd;
	c->open = 1;
	c->attached = c->cleans = c->owes_accepted = 0;
	c->have = c->pending = c->sent = 0;
}

void client_close(struct client *c)
{
	if (c->open)
		sys(__NR_close, c->fd, 0, 0);
	c->open = c->attached = c->cleans = c->owes_accepted = 0;
	c->pending = c->have = 0;
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
	/* A full buffer holds a frame that has to wait: reading nothing would look like an end of file. */
	if (c->have == sizeof c->in)
		return;
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
