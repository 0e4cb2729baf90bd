/*
 * Fuzzes the decoder under AddressSanitizer: programs that are valid, then damaged. Whatever `decode` lets pass is walked
 * as the interpreter would, touching every byte that a step, a store or a pointer names.
 *
 *   build/fuzz SECONDS [SEED]
 *
 * The seconds are those of the processor: beside other work it takes longer, and tries as much.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "decode.h"

static u64 state;

static u64 rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static u32 below(u32 n)
{
	return n ? rnd() % n : 0;
}

static int is_text(u32 role)
{
	return role == ROLE_FORM_STDOUT || role == ROLE_FORM_STDERR || role == ROLE_COUNTER_WORD;
}

/* A small valid program: random counts, steps with arguments of every kind. Returns its size. */
static u32 compose(u8 *out)
{
	struct header h = { .magic = MAGIC, .flags = below(4), .slots = 1 + below(below(4) ? 8 : MAX_SLOTS), .data = 8 * (1 + below(32)) };
	for (int i = 0; i < SECTIONS; i++)
		h.steps[i] = below(6);
	h.supervise = below(ROLES);
	h.pointers = below(4);
	u8 *at = out + sizeof h;
	for (int section = 0; section < SECTIONS; section++)
		for (u32 i = 0; i < h.steps[section]; i++) {
			struct step s = { .op = below(section == CHILD ? OPS : OP_SYNC), .save = below(2) ? NO_SLOT : below(h.slots) };
			s.tolerated = below(MAX_TOLERATED + 1);
			for (int a = 0; a < 6; a++) {
				s.kind[a] = below(KINDS);
				s.arg[a] = s.kind[a] == SAVED ? below(h.slots) : s.kind[a] == IMMEDIATE ? rnd() : below(h.data - 4);
			}
			if (s.op == OP_STORE) {
				s.kind[0] = SAVED;
				s.arg[0] = below(h.slots);
				s.width = 1 + below(2);
				s.arg[1] = below(h.data - 7);
			}
			if (s.op == OP_EXPECT) {
				s.width = 1 + below(8);
				s.arg[0] = below(h.data - 7);
			}
			memcpy(at, &s, sizeof s);
			at += sizeof s;
		}
	for (u32 i = 0; i < h.supervise; i++) {
		struct supervise_entry e = { below(ROLES), SAVED, below(h.slots) };
		if (is_text(e.role))
			e = (struct supervise_entry){ e.role, DATA, below(h.data) };
		memcpy(at, &e, sizeof e);
		at += sizeof e;
	}
	for (u32 i = 0; i < h.pointers; i++) {
		struct pointer p = { 8 * below(h.data / 8), below(h.data) };
		memcpy(at, &p, sizeof p);
		at += sizeof p;
	}
	for (u32 i = 0; i < h.data; i++)
		*at++ = rnd();
	h.size = at - out;
	memcpy(out, &h, sizeof h);
	return h.size;
}

/* Flips bits, overwrites fields with telling values, cuts, grows; sometimes repairs the size so that later checks are reached. */
static u32 damage(u8 *bytes, u32 size)
{
	static const u32 telling[] = { 0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, MAX_PROGRAM, MAX_SLOTS };
	for (u32 n = below(4); n; n--) {
		u32 at = below(size - 4);
		switch (below(4)) {
		case 0:
			bytes[at] ^= 1 << below(8);
			break;
		case 1:
			memcpy(bytes + at, &telling[below(sizeof telling / sizeof *telling)], 4);
			break;
		case 2:
			memcpy(bytes + 4 * below(sizeof(struct header) / 4), &telling[below(sizeof telling / sizeof *telling)], 4);
			break;
		case 3:
			size = below(2) ? 1 + below(size) : size;
			break;
		}
		if (size < 8)
			break;
	}
	if (below(2) && size >= 8)
		memcpy(bytes + 4, &size, 4);
	return size;
}

static volatile u64 sink;

static void touch(const struct program *p, u64 at, u64 n)
{
	for (u64 i = 0; i < n; i++)
		sink += p->data[at + i];
}

static void walk(struct program *p)
{
	s64 saved[MAX_SLOTS] = { 0 };
	for (int section = 0; section < SECTIONS; section++)
		for (u32 i = 0; i < p->steps[section]; i++) {
			const struct step *s = p->section[section] + i;
			for (int a = 0; a < 6 && s->op == OP_SYSCALL; a++) {
				if (s->kind[a] == SAVED)
					sink += saved[s->arg[a]];
				if (s->kind[a] == WORD)
					touch(p, s->arg[a], 4);
			}
			if (s->save != NO_SLOT)
				saved[s->save] = i;
			for (int t = 0; t < s->tolerated; t++)
				sink += s->tolerate[t];
			if (s->op == OP_STORE)
				memset(p->data + s->arg[1], 0x5a, s->width == STORE_U32 ? 4 : s->width == STORE_U64 ? 8 : 11);
			if (s->op == OP_EXPECT)
				touch(p, s->arg[0], s->width);
		}
	for (u32 i = 0; i < p->supervised; i++) {
		const struct supervise_entry *e = &p->supervise[i];
		if (e->kind == WORD)
			touch(p, e->arg, 4);
		if (is_text(e->role))
			sink += strnlen((char *)p->data + e->arg, p->data_size - e->arg);
	}
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 60;
	u64 seed = argc > 2 ? strtoul(argv[2], 0, 0) : (u64)time(0);
	u64 runs = 0, passed = 0, intact = 0;
	state = seed | 1;
	static u8 bytes[MAX_PROGRAM];
	while (clock() / CLOCKS_PER_SEC < seconds)
		for (int i = 0; i < 1000; i++, runs++) {
			u32 size = compose(bytes);
			int whole = below(8) == 0;
			if (!whole)
				size = damage(bytes, size);
			/* Exactly as large as the program: one byte beyond is the sanitizer's. */
			u8 *tight = malloc(size);
			memcpy(tight, bytes, size);
			struct program p;
			int wrong = decode(tight, size, &p);
			if (whole && wrong) {
				fprintf(stderr, "seed %lu: a valid program was refused at decode.c:%d\n", seed, wrong);
				return 1;
			}
			intact += whole;
			if (!wrong) {
				passed++;
				walk(&p);
			}
			free(tight);
		}
	printf("fuzz: %lu programs, %lu of them valid by construction, %lu accepted and walked, seed %lu\n", runs, intact, passed, seed);
	return passed > intact ? 0 : 1;
}
