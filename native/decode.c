#include "decode.h"

#define REQUIRE(condition) do { if (!(condition)) return __LINE__; } while (0)

/* Whether `n` bytes at `at` lie in data. */
static int inside(const struct program *p, u64 at, u64 n)
{
	return at <= p->data_size && n <= p->data_size - at;
}

static int check_value(const struct program *p, u32 kind, u64 arg)
{
	switch (kind) {
	case IMMEDIATE:
		return 0;
	case DATA:
		REQUIRE(inside(p, arg, 0));
		return 0;
	case SAVED:
		REQUIRE(arg < p->slots);
		return 0;
	case WORD:
		REQUIRE(inside(p, arg, 4));
		return 0;
	}
	return __LINE__;
}

static int check_step(const struct program *p, const struct step *s, enum section section)
{
	REQUIRE(s->op < OPS);
	REQUIRE(s->tolerated <= MAX_TOLERATED);
	REQUIRE(s->save == NO_SLOT || s->save < p->slots);
	/* Only the host section may fork: nobody would wait for a process that the child forked. */
	REQUIRE(!(s->flags & STEP_FORKS) || (s->op == OP_SYSCALL && section == HOST));
	switch (s->op) {
	case OP_SYSCALL:
		for (int i = 0; i < 6; i++) {
			int wrong = check_value(p, s->kind[i], s->arg[i]);
			if (wrong)
				return wrong;
		}
		return 0;
	case OP_STORE:
		REQUIRE(s->kind[0] == SAVED || s->kind[0] == WORD);
		REQUIRE(!check_value(p, s->kind[0], s->arg[0]));
		REQUIRE(s->width >= STORE_U32 && s->width <= STORE_DECIMAL);
		REQUIRE(inside(p, s->arg[1], s->width == STORE_U32 ? 4 : s->width == STORE_U64 ? 8 : 11));
		return 0;
	case OP_EXPECT:
		REQUIRE(s->width >= 1 && s->width <= 8);
		REQUIRE(inside(p, s->arg[0], s->width));
		return 0;
	case OP_SYNC:
		REQUIRE(section == CHILD);
		return 0;
	}
	return __LINE__;
}

static int is_text(u32 role)
{
	return role == ROLE_FORM_STDOUT || role == ROLE_FORM_STDERR || role == ROLE_COUNTER_WORD;
}

int decode(u8 *bytes, u64 size, struct program *p)
{
	const struct header *h = (const struct header *)bytes;
	REQUIRE(size >= sizeof *h && size <= MAX_PROGRAM);
	REQUIRE(h->magic == MAGIC && h->size == size);
	REQUIRE(h->slots <= MAX_SLOTS);

	/* Each count is bounded before it is multiplied: no sum below can wrap. */
	u64 steps = 0;
	for (int i = 0; i < SECTIONS; i++) {
		REQUIRE(h->steps[i] <= MAX_PROGRAM);
		steps += h->steps[i];
	}
	REQUIRE(h->supervise <= ROLES && h->pointers <= MAX_PROGRAM && h->data <= MAX_PROGRAM);
	u64 supervise_at = sizeof *h + steps * sizeof(struct step);
	u64 pointers_at = supervise_at + h->supervise * sizeof(struct supervise_entry);
	u64 data_at = pointers_at + h->pointers * sizeof(struct pointer);
	REQUIRE(data_at + h->data == size);

	p->flags = h->flags;
	p->slots = h->slots;
	p->data_size = h->data;
	p->data = bytes + data_at;
	p->supervise = (const struct supervise_entry *)(bytes + supervise_at);
	p->supervised = h->supervise;

	const struct step *step = (const struct step *)(bytes + sizeof *h);
	u32 forks = 0;
	for (int i = 0; i < SECTIONS; i++) {
		p->section[i] = step;
		p->steps[i] = h->steps[i];
		for (u32 n = 0; n < h->steps[i]; n++, step++) {
			int wrong = check_step(p, step, i);
			if (wrong)
				return wrong;
			forks += step->flags & STEP_FORKS;
		}
	}
	REQUIRE(forks <= 1);
	for (u32 i = 0; i < h->supervise; i++) {
		REQUIRE(p->supervise[i].role < ROLES);
		int wrong = check_value(p, p->supervise[i].kind, p->supervise[i].arg);
		if (wrong)
			return wrong;
		REQUIRE(!is_text(p->supervise[i].role) || p->supervise[i].kind == DATA);
	}

	const struct pointer *pointer = (const struct pointer *)(bytes + pointers_at);
	for (u32 i = 0; i < h->pointers; i++) {
		REQUIRE(inside(p, pointer[i].at, 8) && inside(p, pointer[i].to, 0));
		u64 address = (u64)(p->data + pointer[i].to);
		for (int byte = 0; byte < 8; byte++)
			p->data[pointer[i].at + byte] = address >> (8 * byte);
	}
	return 0;
}
