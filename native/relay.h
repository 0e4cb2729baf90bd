/* The parts of the relay: sockets that it is given, connections, datagrams. */
#pragma once
#include "sys.h"

enum {
	SOCK_STREAM_ = 1, SOCK_DGRAM_ = 2, SOCK_OPEN = 02004000 /* SOCK_CLOEXEC, SOCK_NONBLOCK */,
	SOL_SOCKET_ = 1, IPPROTO_IPV6_ = 41, MSG_NOSIGNAL_ = 0x4000,
	DOORS = 2048, LINKS = 512, FLOWS = 512, ROOM = 65536, TURNS = 16,
	NONE = -1,
};

struct address4 { u16 family, port; u8 host[4]; u64 zero; };

/* A socket at which clients come, and where what they send is carried to. */
struct door { int fd, stream; struct address4 to; };
extern struct door doors[DOORS];

/* A socket of that type, connected to there or about to be; NONE where that fails. */
int open_to(const struct door *d, int type);
void turn_on(int fd, int level, int option);

/* A connection: end 0 is the client, end 1 the server. What end i sent is in way[i]: in its room, or in its pipe where it has one. */
struct way { u32 at, filled; u8 over, told, piped; int pipe[2]; };
struct link { int fd[2], open, connected; struct way way[2]; };
extern struct link links[LINKS];
extern u32 link_count; /* all open ones stand before it */
struct link *free_link(void);
/* Accepts who waits at the door, as many as there is room for. */
void welcome(const struct door *d);
/* What may be done at this end, for poll(2). */
short wanted(const struct link *l, int end);
void serve_link(struct link *l);

/* Datagrams of one client: what comes from `fd` is an answer to it, sent from the address that it asked. */
struct address6 { u16 family, port; u32 flow; u8 host[16]; u32 scope; };
struct asked { u8 host[16]; u32 interface; };
struct flow { int fd, open, door; struct address6 client; struct asked asked; s64 last; };
extern struct flow flows[FLOWS];
extern u32 flow_count;
void ask(int door);
void answer(struct flow *f);
void end_flow(struct flow *f);
