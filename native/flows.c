/* The relay's datagrams: a socket for each client, so that answers find back. */
#include "relay.h"

enum { IPV6_PKTINFO_ = 50 };

struct flow flows[FLOWS];
u32 flow_count;
static u8 datagram[ROOM];

struct part { void *base; u64 length; };
struct message { void *name; u32 name_length, pad; struct part *part; u64 parts; void *control; u64 control_length; u32 flags, pad2; };
struct control { u64 length; int level, type; struct asked asked; u32 pad; };

void end_flow(struct flow *f)
{
	sys(__NR_close, f->fd, 0, 0);
	f->open = 0;
	while (flow_count && !flows[flow_count - 1].open)
		flow_count--;
}

static int same(const void *a, const void *b, u32 length)
{
	for (u32 i = 0; i < length; i++)
		if (((const u8 *)a)[i] != ((const u8 *)b)[i])
			return 0;
	return 1;
}

/* The client's flow: its own, or a free one, or else the place of the one that has been silent longest. */
static struct flow *flow_of(int door, const struct address6 *client, const struct asked *asked)
{
	struct flow *place = 0;
	for (u32 i = 0; i < FLOWS; i++) {
		struct flow *f = &flows[i];
		if (f->open && f->door == door && same(&f->client, client, sizeof *client) && same(&f->asked, asked, sizeof *asked))
			return f;
		if (!place || (place->open && (!f->open || f->last < place->last)))
			place = f;
	}
	if (place->open)
		end_flow(place);
	int fd = open_to(&doors[door], SOCK_DGRAM_);
	if (fd == NONE)
		return 0;
	*place = (struct flow){ fd, 1, door, *client, *asked, 0 };
	if (place - flows >= flow_count)
		flow_count = place - flows + 1;
	return place;
}

void ask(int door)
{
	for (int turn = 0; turn < TURNS; turn++) {
		struct address6 client = { 0 };
		struct control control = { 0 };
		struct part part = { datagram, sizeof datagram };
		struct message m = { &client, sizeof client, 0, &part, 1, &control, sizeof control, 0, 0 };
		s64 n = sys(__NR_recvmsg, doors[door].fd, &m, 0);
		if (n < 0)
			return;
		struct flow *f = flow_of(door, &client, &control.asked);
		if (!f)
			continue;
		f->last = uptime();
		sys6(__NR_sendto, f->fd, (u64)datagram, n, MSG_NOSIGNAL_, 0, 0);
	}
}

void answer(struct flow *f)
{
	for (int turn = 0; turn < TURNS; turn++) {
		s64 n = sys6(__NR_recvfrom, f->fd, (u64)datagram, sizeof datagram, 0, 0, 0);
		if (n < 0)
			return;
		/* CMSG_LEN(sizeof(struct in6_pktinfo)). The route chooses the interface. */
		struct control control = { 36, IPPROTO_IPV6_, IPV6_PKTINFO_, f->asked, 0 };
		control.asked.interface = 0;
		struct part part = { datagram, n };
		struct message m = { &f->client, sizeof f->client, 0, &part, 1, &control, sizeof control, 0, 0 };
		f->last = uptime();
		sys(__NR_sendmsg, doors[f->door].fd, &m, MSG_NOSIGNAL_);
	}
}
