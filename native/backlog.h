#pragma once
#include "protocol.h"

/*
 * Output that a client has not taken yet: one copy for all clients, as OUTPUT frames one behind the other. A position
 * counts bytes from the last time that all clients had taken everything. The newest frame is in memory. Older ones are in
 * a file without a name, which is made when a client is behind by more than that frame and empty when nobody is behind.
 */
enum { BACKLOG = 64 << 20 }; /* the most bytes of it that are kept */

/* Where the file is made: a path, or 0 where output waits in the process that writes it. */
void backlog_path(u64 path);

/*
 * Room for CHUNK bytes of output; `oldest` is the first position that a client still needs. 0 where there is none: the
 * file is full, or the disk is.
 */
u8 *backlog_room(u64 oldest);

/* Makes a frame of what was read into the room. */
void backlog_add(u8 stream, u32 length);

/* The position of what comes next. */
u64 backlog_end(void);

/*
 * The bytes from a position before the end on: at most `most`, and `length` says how many. Valid until the next call. 0
 * where the file cannot be read.
 */
const u8 *backlog_view(u64 at, u32 most, u32 *length);

/* Nobody needs any of it. Positions begin at 0 again. */
void backlog_clear(void);
