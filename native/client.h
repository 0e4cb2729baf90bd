#pragma once
#include "protocol.h"

/*
 * The first place is the launcher's. The last is for control, when all others are taken: who comes there can do all but
 * attach, and has it only until the next one comes. So no number of clients that hang keeps a signal from its process.
 */
enum { LAUNCHER = 0, CLIENTS = 9, CONTROL = CLIENTS - 1 };
enum { WANTS_STDIN = 1, WANTS_STDOUT = 2, WANTS_STDERR = 4 };

/* How far a client knows of the end. */
enum { UNTOLD, TELLING, TOLD };

/* The launcher or whoever connected to the listening socket. */
struct client {
	int fd;
	u8 open, attached, cleans, owes_accepted, told;
	u32 have;          /* bytes in `in` */
	u32 pending, sent; /* of `out` */
	u32 given, taken;  /* of `input`: what INPUT carried and the process has not read yet */
	u8 in[sizeof(struct frame) + CHUNK];
	u8 out[sizeof(struct frame) + CHUNK];
	u8 input[CHUNK];
};

extern struct client clients[CLIENTS];

void client_open(struct client *c, int fd);

/* Forgets all but `attached`: what it had asked for may have to be undone. */
void client_close(struct client *c);

/* Queues one frame; only where nothing is pending. What the socket does not take now stays pending. */
void client_send(struct client *c, u8 type, u8 detail, const void *payload, u32 length);
void client_flush(struct client *c);

/* Reads what is there. Returns the first whole frame in `in`, or 0; `client_next` drops it. Closes on a protocol error. */
const struct frame *client_frame(struct client *c);
void client_read(struct client *c);
void client_next(struct client *c);

/*
 * Tells every client the exit code and parts from it: waits until it has read all and closed its end. If we just went, input
 * that it sends meanwhile would fail, and its end of the socket would be gone before it read the code. Where nobody cleans up
 * but clients that have not taken their output yet, it waits for these as long as it takes; else for none more than seconds.
 * Returns whether one that was told cleans up.
 */
int part_from_clients(u32 code);
