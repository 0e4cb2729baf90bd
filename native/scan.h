/* What the log looks for in the bytes that a process writes. */
#pragma once
#include "protocol.h"

/* How many bytes the UTF-8 sequence at `s` has, which is not ASCII; 0 where it is none (RFC 3629, section 4). */
static inline u32 sequence(const u8 *s, u32 left)
{
	u32 length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || left < length)
		return 0;
	u8 least = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
	u8 most = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
	if (s[1] < least || s[1] > most)
		return 0;
	for (u32 i = 2; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/*
 * Eight bytes at a time, each in its place of a word. A byte below `n` borrows into its highest bit (n is 128 at most); whether
 * any byte does is exact, which one is not.
 */
enum { WORD_BYTES = 8 };
#define EACH(byte) ((u64)(byte) * 0x0101010101010101)
#define HAS_BELOW(word, n) (((word) - EACH(n)) & ~(word) & EACH(0x80))
#define HAS(word, byte) HAS_BELOW((word) ^ EACH(byte), 1)

static inline u64 word_at(const u8 *s)
{
	u64 word;
	__builtin_memcpy(&word, s, sizeof word);
	return word;
}

/* How far the first line's end is, or `left` where there is none. */
static inline u32 line_length(const u8 *s, u32 left)
{
	u32 n = 0;
	while (left - n >= WORD_BYTES && !HAS(word_at(s + n), '\n'))
		n += WORD_BYTES;
	while (n < left && s[n] != '\n')
		n++;
	return n;
}

/* '"' and '&', and '<' and '>', differ in one bit. */
static inline int needs_escape(u64 word)
{
	u64 quotes = HAS(word | EACH(4), '&'), brackets = HAS(word | EACH(2), '>');
	return ((word & EACH(0x80)) | HAS_BELOW(word, 0x20) | quotes | brackets | HAS(word, '\\')) != 0;
}

/* Copies what needs no escape. Returns how much that was. */
static inline u32 plain(u8 *to, const u8 *s, u32 left)
{
	u32 n = 0;
	for (; left - n >= WORD_BYTES; n += WORD_BYTES) {
		u64 word = word_at(s + n);
		if (needs_escape(word))
			break;
		__builtin_memcpy(to + n, &word, sizeof word);
	}
	for (; n < left; n++) {
		u8 c = s[n];
		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&')
			break;
		to[n] = c;
	}
	return n;
}

/* Copies what comes before the next place for a line or a time in a form. Returns how much that was. */
static inline u32 unmarked(u8 *to, const u8 *s, u32 left)
{
	u32 n = 0;
	for (; left - n >= WORD_BYTES; n += WORD_BYTES) {
		u64 word = word_at(s + n);
		if (HAS_BELOW(word, FORM_TIME + 1))
			break;
		__builtin_memcpy(to + n, &word, sizeof word);
	}
	for (; n < left && s[n] != FORM_LINE && s[n] != FORM_TIME; n++)
		to[n] = s[n];
	return n;
}
