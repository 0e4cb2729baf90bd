/* The relay's connections: bytes both ways, each way ended by itself (TCP's half-close). */
#include "relay.h"

enum {
	SO_KEEPALIVE_ = 9, IPPROTO_TCP_ = 6, TCP_NODELAY_ = 1, SHUT_WR_ = 1,
	F_SETPIPE_SZ_ = 1031, SPLICE_F_MOVE_ = 1, SPLICE_F_NONBLOCK_ = 2,
	PIPE = 1 << 18, /* bytes: more of them push each other out of the cache */
};

struct link links[LINKS];
u32 link_count;
static u8 rooms[LINKS][2][ROOM];

static void end_link(struct link *l)
{
	sys(__NR_close, l->fd[0], 0, 0);
	sys(__NR_close, l->fd[1], 0, 0);
	for (int i = 0; i < 2; i++)
		if (l->way[i].piped) {
			sys(__NR_close, l->way[i].pipe[0], 0, 0);
			sys(__NR_close, l->way[i].pipe[1], 0, 0);
		}
	l->open = 0;
	while (link_count && !links[link_count - 1].open)
		link_count--;
}

struct link *free_link(void)
{
	for (u32 i = 0; i < LINKS; i++)
		if (!links[i].open)
			return &links[i];
	return 0;
}

void welcome(const struct door *d)
{
	struct link *l;
	while ((l = free_link())) {
		s64 client = sys4(__NR_accept4, d->fd, 0, 0, SOCK_OPEN);
		if (client < 0)
			return;
		int server = open_to(d, SOCK_STREAM_);
		if (server == NONE) {
			sys(__NR_close, client, 0, 0);
			continue;
		}
		*l = (struct link){ { client, server }, 1, 0, { { 0 } } };
		for (int i = 0; i < 2; i++) {
			turn_on(l->fd[i], IPPROTO_TCP_, TCP_NODELAY_);
			turn_on(l->fd[i], SOL_SOCKET_, SO_KEEPALIVE_);
		}
		if (l - links >= link_count)
			link_count = l - links + 1;
	}
}

/*
 * Bytes that come in masses pass through a pipe from here on, which moves pages from socket to socket: copying them twice costs a
 * third of the throughput. A pipe takes two descriptors, so who sends little has none. Without one it goes on as before.
 */
static void use_pipe(struct way *w)
{
	if (sys(__NR_pipe2, w->pipe, SOCK_OPEN, 0) < 0)
		return;
	sys(__NR_fcntl, w->pipe[1], F_SETPIPE_SZ_, PIPE);
	w->piped = 1;
}

static s64 take(struct link *l, int i)
{
	struct way *w = &l->way[i];
	if (w->piped)
		return sys6(__NR_splice, l->fd[i], 0, w->pipe[1], 0, PIPE, SPLICE_F_MOVE_ | SPLICE_F_NONBLOCK_);
	return sys(__NR_read, l->fd[i], rooms[l - links][i], ROOM);
}

static s64 give(struct link *l, int i)
{
	struct way *w = &l->way[i];
	if (w->piped)
		return sys6(__NR_splice, w->pipe[0], 0, l->fd[!i], 0, w->filled - w->at, SPLICE_F_MOVE_ | SPLICE_F_NONBLOCK_);
	return sys6(__NR_sendto, l->fd[!i], (u64)(rooms[l - links][i] + w->at), w->filled - w->at, MSG_NOSIGNAL_, 0, 0);
}

/* Carries what end `i` sent. Returns 0 where the connection is broken. The end of what it sent is passed on as such. */
static int carry(struct link *l, int i)
{
	struct way *w = &l->way[i];
	for (int turn = 0; turn < TURNS && !w->told; turn++) {
		if (w->at == w->filled && !w->over) {
			s64 n = take(l, i);
			if (n == -EAGAIN_ || n == -EINTR_)
				return 1;
			if (n < 0)
				return 0;
			w->over = n == 0;
			w->at = 0;
			w->filled = n;
		}
		if (w->at < w->filled) {
			s64 n = give(l, i);
			if (n == -EAGAIN_ || n == -EINTR_)
				return 1;
			if (n < 0)
				return 0;
			w->at += n;
			if (w->at == ROOM && !w->piped)
				use_pipe(w);
		}
		if (w->over && w->at == w->filled) {
			sys(__NR_shutdown, l->fd[!i], SHUT_WR_, 0);
			w->told = 1;
		}
	}
	return 1;
}

short wanted(const struct link *l, int i)
{
	/* shutdown(2) before the server has answered would end the attempt. */
	if (!l->connected)
		return i ? POLLOUT_ : 0;
	const struct way *from = &l->way[i], *to = &l->way[!i];
	return (from->at == from->filled && !from->over ? POLLIN_ : 0) | (to->at < to->filled ? POLLOUT_ : 0);
}

void serve_link(struct link *l)
{
	l->connected = 1;
	if (!carry(l, 0) || !carry(l, 1) || (l->way[0].told && l->way[1].told))
		end_link(l);
}
