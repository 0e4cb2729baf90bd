/* Syscalls without a libc: the shim is a page or two of memory beside every container. */
#pragma once
#include "numbers.h"
#include "protocol.h"

#if defined(__x86_64__)
static inline s64 sys6(s64 n, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 r10 asm("r10") = d;
	register u64 r8 asm("r8") = e;
	register u64 r9 asm("r9") = f;
	s64 result;
	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline s64 sys6(s64 n, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 x8 asm("x8") = n;
	register u64 x0 asm("x0") = a;
	register u64 x1 asm("x1") = b;
	register u64 x2 asm("x2") = c;
	register u64 x3 asm("x3") = d;
	register u64 x4 asm("x4") = e;
	register u64 x5 asm("x5") = f;
	asm volatile("svc 0"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
		     : "memory");
	return x0;
}
#else
#error "minidock's shim knows x86_64 and aarch64"
#endif

#define sys(n, a, b, c) sys6(n, (u64)(a), (u64)(b), (u64)(c), 0, 0, 0)
#define sys4(n, a, b, c, d) sys6(n, (u64)(a), (u64)(b), (u64)(c), (u64)(d), 0, 0)

enum { EINTR_ = 4, EAGAIN_ = 11, CLOCK_REALTIME_ = 0, CLOCK_MONOTONIC_ = 1 };

struct timespec { s64 sec, nsec; };
struct timespec clock_now(int clock);

enum { POLLIN_ = 1, POLLPRI_ = 2, POLLOUT_ = 4, POLLERR_ = 8, POLLHUP_ = 16, FOREVER = -1 };

struct pollfd { int fd; short events, revents; };
enum { MOST_POLLED = 128 };

/* Waits at most so many milliseconds, or FOREVER, for up to MOST_POLLED descriptors. Returns how many are ready, or a negative errno. */
s64 poll_for(struct pollfd *set, u32 count, s64 milliseconds);

/* Milliseconds of the monotonic clock, which nobody can set. */
s64 uptime(void);

_Noreturn void quit(int status);

/* Read or write all of `length`: 0, a negative errno, or -1 at end of file. Restart after signals. */
s64 read_all(int fd, void *buffer, u64 length);
s64 write_all(int fd, const void *buffer, u64 length);
