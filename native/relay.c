/*
 * Carries what comes to sockets that it is given to addresses of IPv4, and the answers back: connections and datagrams
 * of IPv6, which no rule of a firewall can give an address of the other family. One process, one loop, no allocation.
 *
 *   minidock-relay FILE [SOCKET ADDRESS:PORT]...
 *
 * Each SOCKET is the number of an inherited descriptor, non-blocking: a listening stream socket, or a datagram socket.
 * Where FILE is there, the address in it holds instead of those. It is read once: whoever writes it ends us.
 * Nothing is carried to 0.0.0.0, which stands for no address: there the kernel would connect to the host itself; nor to
 * port 0, wherever FILE leads. Who comes there is told so by the end of the connection.
 * The process ends by itself when nobody has used it for a while; what arrives then waits at the sockets, where
 * whoever started it waits too. It ends with that process as well.
 */
#include "relay.h"

enum {
	AF_INET_ = 2, SO_TYPE_ = 3, IPV6_RECVPKTINFO_ = 49, EINPROGRESS_ = 115,
	SIGPIPE_ = 13, SIG_BLOCK_ = 0, AT_FDCWD_ = -100,
	PR_SET_PDEATHSIG_ = 1, PR_SET_NO_NEW_PRIVS_ = 38, SIGKILL_ = 9, RLIMIT_NOFILE_ = 7, NOBODY = 65534,
	IDLE = 10000, /* milliseconds without anything to carry, after which the process ends */
	SILENT = 90000, /* after which nobody expects answers to a datagram any more */
};

struct door doors[DOORS];
static u32 door_count;
static struct pollfd set[DOORS + 2 * LINKS + FLOWS];

/* Whoever starts us tries again as soon as we end. */
_Noreturn static void give_up(void)
{
	poll_for(0, 0, 1000);
	quit(1);
}

void turn_on(int fd, int level, int option)
{
	int on = 1;
	sys6(__NR_setsockopt, fd, level, option, (u64)&on, sizeof on, 0);
}

static int is_nowhere(const u8 *host)
{
	return !(host[0] | host[1] | host[2] | host[3]);
}

int open_to(const struct door *d, int type)
{
	if (is_nowhere(d->to.host) || !d->to.port)
		return NONE;
	s64 fd = sys(__NR_socket, AF_INET_, type | SOCK_OPEN, 0);
	if (fd < 0)
		return NONE;
	s64 answer = sys(__NR_connect, fd, &d->to, sizeof d->to);
	if (answer == 0 || answer == -EINPROGRESS_)
		return fd;
	sys(__NR_close, fd, 0, 0);
	return NONE;
}

static u32 number(const char **text)
{
	u32 value = 0;
	while (**text >= '0' && **text <= '9')
		value = value * 10 + *(*text)++ - '0';
	return value;
}

static void read_host(const char **text, u8 *host)
{
	for (int i = 0; i < 4; i++, *text += **text != 0)
		host[i] = number(text);
}

/* Where the container is by now, if that is another place than at its start. */
static void use_new_address(const char *file)
{
	char text[16] = { 0 };
	const char *at = text;
	s64 fd = sys4(__NR_openat, AT_FDCWD_, file, 02000000 /* O_CLOEXEC */, 0);
	if (fd < 0)
		return;
	sys(__NR_read, fd, text, sizeof text - 1);
	sys(__NR_close, fd, 0, 0);
	u8 host[4];
	read_host(&at, host);
	for (u32 i = 0; i < door_count; i++)
		__builtin_memcpy(doors[i].to.host, host, sizeof host);
}

static void add_door(const char *fd, const char *to)
{
	struct door *d = &doors[door_count++];
	int type = 0, length = sizeof type;
	d->fd = number(&fd);
	d->to.family = AF_INET_;
	read_host(&to, d->to.host);
	u32 port = number(&to);
	d->to.port = (port & 0xff) << 8 | port >> 8;
	if (sys6(__NR_getsockopt, d->fd, SOL_SOCKET_, SO_TYPE_, (u64)&type, (u64)&length, 0) < 0 || *to)
		give_up();
	d->stream = type == SOCK_STREAM_;
	if (!d->stream)
		turn_on(d->fd, IPPROTO_IPV6_, IPV6_RECVPKTINFO_);
}

/* Carrying bytes needs no rights: strangers send them. */
static void drop_rights(void)
{
	u64 files = DOORS + 6 * LINKS + FLOWS + 16, most[2] = { files, files };
	if (sys4(__NR_prlimit64, 0, RLIMIT_NOFILE_, most, 0) || sys(__NR_setgroups, 0, 0, 0) || sys(__NR_setresgid, NOBODY, NOBODY, NOBODY) ||
	    sys(__NR_setresuid, NOBODY, NOBODY, NOBODY) || sys6(__NR_prctl, PR_SET_NO_NEW_PRIVS_, 1, 0, 0, 0, 0))
		give_up();
	/* A change of user clears it. Whoever died before is replaced by the end of our idle time. */
	sys(__NR_prctl, PR_SET_PDEATHSIG_, SIGKILL_, 0);
}

/* What may be waited for now. Returns in how many milliseconds the next flow is over. */
static s64 prepare(void)
{
	u32 n = 0;
	s64 now = flow_count ? uptime() : 0, wait = link_count ? FOREVER : IDLE;
	int full = !free_link();
	for (u32 i = 0; i < door_count; i++)
		set[n++] = (struct pollfd){ doors[i].stream && full ? NONE : doors[i].fd, POLLIN_, 0 };
	for (u32 i = 0; i < link_count; i++)
		for (int end = 0; end < 2; end++) {
			short events = links[i].open ? wanted(&links[i], end) : 0;
			/* The end of a connection is reported also where nothing is asked for. */
			set[n++] = (struct pollfd){ events ? links[i].fd[end] : NONE, events, 0 };
		}
	for (u32 i = 0; i < flow_count; i++) {
		s64 left = flows[i].last + SILENT - now;
		if (flows[i].open && left <= 0)
			end_flow(&flows[i]);
		else if (flows[i].open && (wait == FOREVER || wait == IDLE || left < wait))
			wait = left;
		set[n++] = (struct pollfd){ flows[i].open ? flows[i].fd : NONE, POLLIN_, 0 };
	}
	return wait;
}

_Noreturn void start(u64 *stack)
{
	char **words = (char **)(stack + 2);
	for (u64 i = 1; i + 2 < stack[0] && door_count < DOORS; i += 2)
		add_door(words[i], words[i + 1]);
	use_new_address(words[0]);
	drop_rights();
	/* splice(2) to a connection that is closed sends it. */
	u64 mask = 1UL << (SIGPIPE_ - 1);
	sys4(__NR_rt_sigprocmask, SIG_BLOCK_, &mask, 0, sizeof mask);
	for (;;) {
		s64 wait = prepare();
		/* Both may become fewer while they are served. */
		u32 polled_links = link_count, polled_flows = flow_count;
		u32 n = door_count + 2 * polled_links + polled_flows;
		struct timespec limit = { wait / 1000, wait % 1000 * 1000000 };
		s64 ready = sys6(__NR_ppoll, (u64)set, n, wait < 0 ? 0 : (u64)&limit, 0, 8, 0);
		if (ready == 0 && !link_count && !flow_count)
			quit(0);
		if (ready <= 0)
			continue;
		struct pollfd *at = set + door_count;
		for (u32 i = 0; i < polled_links; i++, at += 2)
			if (links[i].open && (at[0].revents || at[1].revents))
				serve_link(&links[i]);
		for (u32 i = 0; i < polled_flows; i++, at++)
			if (flows[i].open && at->revents)
				answer(&flows[i]);
		for (u32 i = 0; i < door_count; i++)
			if (set[i].revents && doors[i].stream)
				welcome(&doors[i]);
			else if (set[i].revents)
				ask(i);
	}
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n hlt\n");
#else
asm(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n bl start\n brk #0\n");
#endif
