#pragma once
#include "decode.h"

struct machine {
	struct program program;
	s64 saved[MAX_SLOTS];
	enum section section;
	int forked;    /* there is or was a child */
	int report_fd; /* where this side reports: SHIM_FD, or CHILD_FD after the fork; negative where nobody listens */
};

/* The value of an argument now. */
u64 value_of(const struct machine *m, u32 kind, u64 arg);

/*
 * Runs a section. Host: returns in the parent; the child never comes back from it. A failure is reported and ends the
 * process. Exit and reap: a failure only ends the section.
 */
void run_section(struct machine *m, enum section section);

/*
 * Runs a section in a process of its own, which as nobody's child leaves nothing to wait for; nobody gets reports of it. Returns
 * when that process has executed a program, and so holds the locks that the section took, or has ended.
 */
void run_aside(struct machine *m, enum section section);

void send_frame(int fd, u8 type, u8 detail, const void *payload, u32 length);
