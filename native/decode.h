#pragma once
#include "protocol.h"

/* A checked program, as pointers into the bytes it came in. */
struct program {
	u32 flags, slots, data_size;
	const struct step *section[SECTIONS];
	u32 steps[SECTIONS];
	const struct supervise_entry *supervise;
	u32 supervised;
	u8 *data;
};

/*
 * Checks `size` bytes, which must be 8-aligned, and resolves the pointers inside data. Returns 0, or the line of the
 * check that failed: an interpreter of a program that passed never reads or writes outside it.
 */
int decode(u8 *bytes, u64 size, struct program *program);
