#pragma once
#include "interpret.h"

/*
 * What the kernel has to say while the child lives, and how it says it. `bell`: a descriptor that becomes readable (eventfd(2)).
 * `counter`: a file of lines `WORD NUMBER` that the kernel announces with POLLPRI whenever one of them changes; only the number
 * behind `word` matters.
 */
void notice_use_bell(int fd);
void notice_use_counter(int fd);
void notice_use_word(const u8 *text, u64 most);

/* What to poll for; the descriptor is negative where there is nothing. */
int notice_fd(void);
short notice_events(void);

/* To be called when the descriptor is ready: whether it was what is waited for. Section `notice` is to be run then. */
int notice_taken(void);
