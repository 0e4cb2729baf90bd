/* A line to a supervisor, for a process that cannot connect by itself without loading much. */
#pragma once
#include "sys.h"

/*
 * Serves the other end of `socket`: takes the path of a listening UNIX socket, which ends with a NUL, answers with a byte, 0 where it is
 * connected to that, and from then on passes on what either side says. Ends with either of them, or at once where it cannot connect.
 */
_Noreturn void become_line(int socket);
