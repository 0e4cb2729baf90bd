#pragma once
#include "protocol.h"

/*
 * The first place is the launcher's. The last place is for control when all others are taken: a client there can do
 * everything but attach, and loses the place to the next client. So clients that hang, however many, cannot keep a
 * signal from the process.
 */
enum { LAUNCHER = 0, CLIENTS = 9, CONTROL = CLIENTS - 1 };
enum { WANTS_STDIN = 1, WANTS_STDOUT = 2, WANTS_STDERR = 4 };

/* How much of the exit message a client has got. */
enum { UNTOLD, TELLING, TOLD };

/* The launcher, or a client that connected to the listening socket. */
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

/* Closes the connection and resets all fields but `attached`: the caller may have to undo the attachment. */
void client_close(struct client *c);

/* Queues one frame. The caller makes sure that nothing is pending. What the socket does not take now stays pending. */
void client_send(struct client *c, u8 type, u8 detail, const void *payload, u32 length);
void client_flush(struct client *c);

/* Reads what is there. Returns the first whole frame in `in`, or 0; `client_next` drops it. Closes on a protocol error. */
const struct frame *client_frame(struct client *c);
void client_read(struct client *c);
void client_next(struct client *c);

/*
 * Tells every client the exit code, and waits until the client has read it and closed its end. Without that wait a
 * client that still sends input would get an error and lose the code. It waits without a limit until a client that
 * cleans up has the code, or all clients have it, or somebody connects, who can only want the end; and from then on two
 * seconds at most. Returns whether a client that has the code cleans up.
 */
int part_from_clients(u32 code, int listen_fd);
