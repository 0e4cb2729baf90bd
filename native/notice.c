#include "notice.h"
#include "sys.h"

enum { NONE = -1, MAX_WORD = 64 };

static int bell_fd = NONE, counter_fd = NONE;
static const u8 *word;
static u32 word_length;
static u64 counted;

/* The number behind the word at the beginning of a line; what it was where there is none. A removed file is given up. */
static u64 count(void)
{
	static u8 text[4096];
	s64 n = sys4(__NR_pread64, counter_fd, text, sizeof text, 0);
	if (n < 0)
		counter_fd = NONE;
	for (s64 line = 0; line + word_length < n; line++) {
		s64 at = line;
		while (at - line < word_length && text[at] == word[at - line])
			at++;
		if (at - line == word_length) {
			u64 number = 0;
			for (; at < n && text[at] >= '0' && text[at] <= '9'; at++)
				number = number * 10 + text[at] - '0';
			return number;
		}
		while (line < n && text[line] != '\n')
			line++;
	}
	return counted;
}

void notice_use_bell(int fd)
{
	bell_fd = fd;
}

void notice_use_counter(int fd)
{
	counter_fd = fd;
}

void notice_use_word(const u8 *text, u64 most)
{
	word = text;
	word_length = 0;
	while (word_length < most && word_length < MAX_WORD && text[word_length])
		word_length++;
}

int notice_fd(void)
{
	return bell_fd != NONE ? bell_fd : counter_fd;
}

/* A file of the kernel's is always readable. */
short notice_events(void)
{
	return bell_fd != NONE ? POLLIN_ : POLLPRI_;
}

int notice_taken(void)
{
	if (bell_fd != NONE) {
		u64 rings;
		s64 n = sys(__NR_read, bell_fd, &rings, sizeof rings);
		return n == sizeof rings;
	}
	u64 now = count();
	int rose = now > counted;
	counted = now;
	return rose;
}
