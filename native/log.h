#pragma once
#include "protocol.h"

/*
 * Appends one record to a file opened with O_APPEND: "SECONDS.NANOSECONDS out|err LENGTH\n", then the bytes as they
 * came. It appends all of the record or nothing: on a full disk output is lost, but the container runs on and later
 * records stay readable.
 */
void log_append(int fd, int stream, const u8 *bytes, u32 length);
