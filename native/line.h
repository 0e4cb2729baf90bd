/* A line to a supervisor, for a process that cannot connect by itself without loading much. */
#pragma once
#include "sys.h"

/*
 * Connects `line`, a socket that this process has in common with the other end of `control`: takes the path of a listening UNIX socket
 * from there, which ends with a NUL, answers with a byte, 0 where it is connected to that, and ends.
 */
_Noreturn void become_line(int control, int line);
