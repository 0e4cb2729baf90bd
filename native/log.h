#pragma once
#include "interpret.h"

/* The container's log, a record a line. Takes the program's ROLE_LOG, a file opened with O_APPEND, and the forms of its records. */
void log_use_file(int fd);
void log_use_form(int stream, const u8 *text, u64 most);

/*
 * Where the file has `size` bytes, section `reopen` is to put another one in the place of the descriptor before the next record,
 * and section `archive` is run in a process of its own after that. Where `reopen` fails the file grows, and it is tried again.
 */
void log_use_size(u64 size);

/*
 * Appends a record for every line that ends in `bytes`. The rest waits for its end, up to 16 KiB: that much is a
 * record of its own, without a line's end. On a full disk lines are lost, but the container runs on and what is in the
 * file are whole records. `log_flush` writes what was appended: records of many reads at once.
 */
void log_append(struct machine *m, int stream, const u8 *bytes, u32 length);
void log_flush(void);

/* Appends what waits for the end of its line: there is no more of this stream. */
void log_end(struct machine *m, int stream);
