#include "line.h"

enum { AF_UNIX_ = 1, SOCK_STREAM_ = 1, SOCK_NONBLOCK_ = 04000, F_SETFL_ = 4, PATH_MOST = 108 };

struct address { u16 family; char path[PATH_MOST]; }; /* struct sockaddr_un (unix(7)) */

/* Returns whether there is one. */
static int read_path(int socket, char *path)
{
	for (int n = 0; n < PATH_MOST; n++) {
		if (read_all(socket, path + n, 1))
			return 0;
		if (!path[n])
			return n > 0;
	}
	return 0;
}

static void pass_on(int from, int to)
{
	u8 bytes[4096];
	s64 n = sys(__NR_read, from, bytes, sizeof bytes);
	if (n == -EINTR_)
		return;
	if (n <= 0 || write_all(to, bytes, n))
		quit(0);
}

_Noreturn void become_line(int socket)
{
	struct address to = { AF_UNIX_, { 0 } };
	if (!read_path(socket, to.path))
		quit(0);
	/* Not blocking: where many wait to be accepted, Node tries again itself. */
	s64 line = sys(__NR_socket, AF_UNIX_, SOCK_STREAM_ | SOCK_NONBLOCK_, 0);
	u8 failed = line < 0 || sys(__NR_connect, line, &to, sizeof to);
	if (write_all(socket, &failed, 1) || failed)
		quit(0);
	sys(__NR_fcntl, line, F_SETFL_, 0);
	for (;;) {
		struct pollfd both[] = { { socket, POLLIN_, 0 }, { line, POLLIN_, 0 } };
		poll_for(both, 2, FOREVER);
		if (both[0].revents)
			pass_on(socket, line);
		if (both[1].revents)
			pass_on(line, socket);
	}
}
