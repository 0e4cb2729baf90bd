#include "sys.h"

_Noreturn void quit(int status)
{
	for (;;)
		sys(__NR_exit_group, status, 0, 0);
}

struct timespec clock_now(int clock)
{
	struct timespec now = { 0, 0 };
	sys(__NR_clock_gettime, clock, &now, 0);
	return now;
}

s64 uptime(void)
{
	struct timespec now = clock_now(CLOCK_MONOTONIC_);
	return now.sec * 1000 + now.nsec / 1000000;
}

s64 poll_for(struct pollfd *set, u32 count, s64 milliseconds)
{
	struct timespec limit = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
	struct pollfd open[MOST_POLLED];
	u32 n = 0;
	/*
	 * The kernel refuses more entries than RLIMIT_NOFILE (poll(2), EINVAL), which our caller may have set low, and counts
	 * those without a descriptor.
	 */
	for (u32 i = 0; i < count && n < MOST_POLLED; i++)
		if (set[i].fd >= 0)
			open[n++] = set[i];
	s64 ready = sys6(__NR_ppoll, (u64)open, n, milliseconds < 0 ? 0 : (u64)&limit, 0, 8, 0);
	for (u32 i = 0, at = 0; i < count && at < n; i++)
		if (set[i].fd >= 0)
			set[i].revents = open[at++].revents;
	return ready;
}

s64 read_all(int fd, void *buffer, u64 length)
{
	for (u64 done = 0; done < length;) {
		s64 n = sys(__NR_read, fd, (u8 *)buffer + done, length - done);
		if (n == -EINTR_)
			continue;
		if (n <= 0)
			return n ? n : -1;
		done += n;
	}
	return 0;
}

s64 write_all(int fd, const void *buffer, u64 length)
{
	for (u64 done = 0; done < length;) {
		s64 n = sys(__NR_write, fd, (const u8 *)buffer + done, length - done);
		if (n == -EINTR_)
			continue;
		if (n < 0)
			return n;
		done += n;
	}
	return 0;
}

/* gcc emits calls to these for structure copies and zeroing, also without a libc. */
void *memcpy(void *to, const void *from, unsigned long n)
{
#if defined(__x86_64__)
	void *start = to;
	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	return start;
#else
	for (u64 i = 0; i < n; i++)
		((volatile u8 *)to)[i] = ((const u8 *)from)[i];
	return to;
#endif
}

void *memset(void *to, int value, unsigned long n)
{
	for (u64 i = 0; i < n; i++)
		((volatile u8 *)to)[i] = value;
	return to;
}

void *memmove(void *to, const void *from, unsigned long n)
{
	if (to <= from)
		return memcpy(to, from, n);
	while (n--)
		((volatile u8 *)to)[n] = ((const u8 *)from)[n];
	return to;
}
