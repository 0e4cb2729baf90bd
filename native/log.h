#pragma once
#include "protocol.h"

/*
 * Appends one record to a file opened with O_APPEND: "SECONDS.NANOSECONDS out|err LENGTH\n", then the bytes as they came.
 * All of it or nothing: a full disk loses output, not the container, and no later record.
 */
void log_append(int fd, int stream, const u8 *bytes, u32 length);
