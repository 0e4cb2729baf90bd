#pragma once
#include "protocol.h"

/*
 * The first place is the launcher's. The last place is for control when all others are taken: a client there can do
 * everything but attach, and loses the place to the next client. So clients that hang, however many, cannot keep a
 * signal from the process.
 */
enum { LAUNCHER = 0, CLIENTS = 66, CONTROL = CLIENTS - 1 };
enum { WANTS_STDIN = 1, WANTS_STDOUT = 2, WANTS_STDERR = 4, WANTS_OUTPUT = 6, ENDS_STDIN = 8 };

/* How much of the exit message a client has got. */
enum { UNTOLD, TELLING, TOLD };

/* The launcher, or a client that connected to the listening socket. */
struct client {
	int fd;
	u8 open, attached, cleans, owes_accepted, told, moved;
	u32 have;         /* bytes of its buffer that are not understood yet */
	u32 given, taken; /* what INPUT carried and the process has not read yet */
	u32 left;         /* bytes of the frame of output that it is in the middle of */
	u64 at;           /* the position in the backlog up to which it has taken the output */
	s64 since;        /* when it last took some, in milliseconds; only while it lags */
	u8 note[sizeof(struct frame) + 4];
	u8 note_length, note_sent; /* a message of the supervisor's own, which goes between two frames of output */
};

extern struct client clients[CLIENTS];

void client_open(struct client *c, int fd);

/* Closes the connection and resets all fields but `attached`: the caller may have to undo the attachment. */
void client_close(struct client *c);

void client_attach(struct client *c, u8 bits);

/* Keeps a chunk of input for the process; `client_input` is where it lies. */
void client_give(struct client *c, const void *chunk, u32 length);
const u8 *client_input(const struct client *c);

/* Sends what the client takes now: messages of the supervisor's own, and output that it wants. */
void client_flush(struct client *c);

/* It needs what is in the backlog. */
int client_is_behind(const struct client *c);

/* It has not taken all that is there for it: output, or a message of the supervisor's own. */
int client_lags(const struct client *c);

/* Reads what is there. Returns the first whole frame, or 0; `client_next` drops it. Closes on a protocol error. */
const struct frame *client_frame(struct client *c);
void client_read(struct client *c);
void client_next(struct client *c);

/* Tells the exit code to clients that want nothing else: they do not wait for those that are behind with the output. */
void tell_those_who_wait(u32 code);

/*
 * Tells every client the exit code, and waits until the client has read it and closed its end. Without that wait a
 * client that still sends input would get an error and lose the code. It waits without a limit until a client that
 * cleans up has the code, or all clients have it, or somebody connects, who can only want the end; and from then on two
 * seconds at most. Returns whether a client that has the code cleans up.
 */
int part_from_clients(u32 code, int listen_fd);
