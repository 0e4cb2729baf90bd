#pragma once
#include "protocol.h"

enum { CLIENTS = 8, WANTS_STDIN = 1, WANTS_STDOUT = 2, WANTS_STDERR = 4 };

/* The launcher (the first) or whoever connected to the listening socket. */
struct client {
	int fd;
	u8 open, attached, cleans, owes_accepted;
	u32 have;          /* bytes in `in` */
	u32 pending, sent; /* of `out` */
	u8 in[sizeof(struct frame) + CHUNK];
	u8 out[sizeof(struct frame) + CHUNK];
};

void client_open(struct client *c, int fd);
void client_close(struct client *c);

/* Queues one frame; only where nothing is pending. What the socket does not take now stays pending. */
void client_send(struct client *c, u8 type, u8 detail, const void *payload, u32 length);
void client_flush(struct client *c);

/* Reads what is there. Returns the first whole frame in `in`, or 0; `client_next` drops it. Closes on a protocol error. */
const struct frame *client_frame(struct client *c);
void client_read(struct client *c);
void client_next(struct client *c);
