#include "backlog.h"
#include "sys.h"

enum { AT_FDCWD_ = -100, O_RDWR_ = 2, O_CREAT_ = 0100, O_TRUNC_ = 01000, O_CLOEXEC_ = 02000000 };

static u8 newest[sizeof(struct frame) + CHUNK] __attribute__((aligned(8)));
static u32 newest_length;
static u8 older[sizeof(struct frame) + CHUNK] __attribute__((aligned(8))); /* read from the file for the client that is served now */
static u64 stored;                             /* bytes that went into the file; the newest frame comes after them */
static s64 file = -1;
static u64 file_path;

void backlog_path(u64 path)
{
	file_path = path;
}

u64 backlog_end(void)
{
	return stored + newest_length;
}

/* pread64 or pwrite64 of all bytes. The file is a ring of BACKLOG bytes. Returns whether all of it was done. */
static int transfer(s64 call, u64 at, u8 *bytes, u32 length)
{
	while (length) {
		u64 place = at % BACKLOG;
		u64 part = length < BACKLOG - place ? length : BACKLOG - place;
		s64 n = sys4(call, file, bytes, part, place);
		if (n == -EINTR_)
			continue;
		if (n <= 0)
			return 0;
		at += n;
		bytes += n;
		length -= n;
	}
	return 1;
}

static int store_newest(u64 oldest)
{
	if (backlog_end() - oldest > BACKLOG || !file_path)
		return 0;
	if (file < 0) {
		file = sys4(__NR_openat, AT_FDCWD_, file_path, O_RDWR_ | O_CREAT_ | O_TRUNC_ | O_CLOEXEC_, 0600);
		if (file < 0)
			return 0;
		sys(__NR_unlinkat, AT_FDCWD_, file_path, 0);
	}
	if (!transfer(__NR_pwrite64, stored, newest, newest_length))
		return 0;
	stored += newest_length;
	newest_length = 0;
	return 1;
}

u8 *backlog_room(u64 oldest)
{
	return newest_length && !store_newest(oldest) ? 0 : newest + sizeof(struct frame);
}

void backlog_add(u8 stream, u32 length)
{
	struct frame frame = { OUTPUT, stream, 0, length };
	__builtin_memcpy(newest, &frame, sizeof frame);
	newest_length = sizeof frame + length;
}

const u8 *backlog_view(u64 at, u32 most, u32 *length)
{
	u64 there = (at < stored ? stored : backlog_end()) - at;
	u32 n = there < most ? there : most;
	*length = n;
	if (at >= stored)
		return newest + (at - stored);
	n = n < sizeof older ? n : sizeof older;
	*length = n;
	return transfer(__NR_pread64, at, older, n) ? older : 0;
}

void backlog_clear(void)
{
	if (stored)
		sys(__NR_ftruncate, file, 0, 0);
	stored = newest_length = 0;
}
