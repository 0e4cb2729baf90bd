#pragma once
#include "interpret.h"

/*
 * Serves the child until it is gone: copies its output to the log and to attached clients, their input to it, delivers
 * signals and window sizes, then runs the exit section, tells every client, and runs the reap section unless a client
 * said it cleans up. Does not return.
 */
_Noreturn void supervise(struct machine *m);
