#include "sys.h"

_Noreturn void quit(int status)
{
	for (;;)
		sys(__NR_exit_group, status, 0, 0);
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
