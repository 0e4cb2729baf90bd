#include "log.h"
#include "scan.h"
#include "sys.h"

/*
 * LOG_PART: how much of a line without an end is one record, with Docker. FULL: how much is written at once; a record begins
 * only below that, so that the rest has room for the longest one, of which every byte is escaped.
 */
enum { SEEK_CUR_ = 1, SEEK_END_ = 2, LOG_PART = 16384, FULL = 32768, NO_LOG = -1, NO_REPORT = -1 };

static int log_fd = NO_LOG;
static struct { const u8 *text; u32 length; } form[2];

/* What has come of a line whose end has not. */
static struct line {
	u32 length;
	u8 parted;             /* the beginning of the line is in the log already, */
	struct timespec first; /* and has this time, which all its records get */
	u8 bytes[LOG_PART];
} lines[2];

/* What a line and its time take at most. */
enum { ROOM = 6 * LOG_PART + 64 };
static u8 out[FULL + MAX_FORM + ROOM];
static u32 filled;

static u64 size;      /* of the file, with what is in `out` */
static u64 most_size; /* 0 where it may grow */
static u64 rotate_at;

void log_use_file(int fd)
{
	log_fd = fd;
	s64 there = sys(__NR_lseek, log_fd, 0, SEEK_END_);
	size = there < 0 ? 0 : there;
}

void log_use_form(int stream, const u8 *text, u64 most)
{
	u32 length = 0;
	while (length < most && length < MAX_FORM && text[length])
		length++;
	form[stream].text = text;
	form[stream].length = length;
}

void log_use_size(u64 wanted)
{
	most_size = rotate_at = wanted;
}

static void write_out(void)
{
	s64 written = sys(__NR_write, log_fd, out, filled);
	u32 whole = written < 0 ? 0 : written;
	/* Takes back the beginning of a record that the disk had no room for: readers would take it for a part of the next. */
	if (written > 0 && whole < filled) {
		while (whole > 0 && out[whole - 1] != '\n')
			whole--;
		s64 end = sys(__NR_lseek, log_fd, 0, SEEK_CUR_);
		if (end >= written)
			sys(__NR_ftruncate, log_fd, end - written + whole, 0);
	}
	size -= filled - whole;
	filled = 0;
}

static void put_text(const char *text)
{
	while (*text)
		out[filled++] = *text++;
}

static void put_number(u64 value, int width)
{
	for (int i = width; i-- > 0; value /= 10)
		out[filled + i] = '0' + value % 10;
	filled += width;
}

/* RFC 3339 in UTC, with no zeros at the end of the fraction. */
static void write_time(struct timespec time)
{
	static s64 known = -1;
	static u32 year, month, day;
	s64 today = time.sec / 86400, second = time.sec % 86400;
	if (today != known) {
		/* Years that begin in March have their leap day last: then months have a form. 719468 days lie before 1970. */
		u64 days = today + 719468, era = days / 146097, left = days % 146097;
		u64 of_era = (left - left / 1460 + left / 36524 - left / 146096) / 365;
		u64 of_year = left - (365 * of_era + of_era / 4 - of_era / 100), from_march = (5 * of_year + 2) / 153;
		day = of_year - (153 * from_march + 2) / 5 + 1;
		month = from_march < 10 ? from_march + 3 : from_march - 9;
		year = era * 400 + of_era + (month <= 2);
		known = today;
	}
	put_number(year, 4);
	put_text("-");
	put_number(month, 2);
	put_text("-");
	put_number(day, 2);
	put_text("T");
	put_number(second / 3600, 2);
	put_text(":");
	put_number(second / 60 % 60, 2);
	put_text(":");
	put_number(second % 60, 2);
	if (time.nsec) {
		put_text(".");
		put_number(time.nsec, 9);
		while (out[filled - 1] == '0')
			filled--;
	}
	put_text("Z");
}

/* Lines that were read together have one time, which is written once and copied then. */
static void put_time(struct timespec time)
{
	static struct timespec last = { -1, 0 };
	static u8 text[sizeof "2026-01-01T00:00:00.000000000Z"];
	static u32 length;
	if (time.sec == last.sec && time.nsec == last.nsec) {
		filled += unmarked(out + filled, text, length);
		return;
	}
	u32 from = filled;
	write_time(time);
	length = filled - from;
	__builtin_memcpy(text, out + from, length);
	last = time;
}

/* Text in a JSON string, escaped as Go's encoders do it, which Docker's log has from them. */
static void put_escaped(const u8 *s, u32 left)
{
	static const char hex[] = "0123456789abcdef";
	while (left) {
		u32 n = plain(out + filled, s, left);
		filled += n;
		s += n;
		left -= n;
		if (left == 0)
			return;
		u8 c = *s;
		u32 length = c < 0x80 ? 1 : sequence(s, left);
		if (length == 0) {
			put_text("\\ufffd");
			length = 1;
		} else if (c == '"' || c == '\\' || c == '\n' || c == '\r') {
			out[filled++] = '\\';
			out[filled++] = c == '\n' ? 'n' : c == '\r' ? 'r' : c;
		} else if (length == 1) {
			put_text("\\u00");
			out[filled++] = hex[c >> 4];
			out[filled++] = hex[c & 15];
		} else if (length == 3 && c == 0xe2 && s[1] == 0x80 && (s[2] & 0xfe) == 0xa8) {
			/* U+2028 and U+2029 end lines in JavaScript. */
			put_text(s[2] & 1 ? "\\u2029" : "\\u2028");
		} else {
			for (u32 i = 0; i < length; i++)
				out[filled++] = s[i];
		}
		s += length;
		left -= length;
	}
}

static void rotate(struct machine *m)
{
	write_out();
	/* Nobody waits for reports of these steps, and one must not be written into the middle of a frame. */
	int report_fd = m->report_fd;
	m->report_fd = NO_REPORT;
	run_section(m, REOPEN);
	s64 now = sys(__NR_lseek, log_fd, 0, SEEK_END_);
	size = now < 0 ? 0 : now;
	if (size < most_size && m->program.steps[ARCHIVE])
		run_aside(m, ARCHIVE);
	/* Not before every record where it failed. */
	rotate_at = size < most_size ? most_size : size + FULL;
	m->report_fd = report_fd;
}

/* `ended`: the line ends here; else it goes on in the next record, or nothing of it comes any more. */
static void put_record(struct machine *m, int stream, struct timespec now, const u8 *bytes, u32 length, int ended)
{
	struct line *line = &lines[stream];
	if (!line->parted)
		line->first = now;
	if (most_size && size >= rotate_at)
		rotate(m);
	u32 before = filled;
	for (const u8 *piece = form[stream].text, *end = piece + form[stream].length; piece < end;) {
		/* Only a form with the line more than once comes here. */
		if (filled > sizeof out - ROOM) {
			write_out();
			before = 0;
		}
		if (*piece == FORM_TIME) {
			put_time(line->first);
			piece++;
		} else if (*piece == FORM_LINE) {
			put_escaped(bytes, length);
			if (ended)
				put_text("\\n");
			piece++;
		} else {
			u32 n = unmarked(out + filled, piece, end - piece);
			filled += n;
			piece += n;
		}
	}
	line->parted = !ended;
	line->length = 0;
	size += filled - before;
	if (filled >= FULL)
		write_out();
}

void log_append(struct machine *m, int stream, const u8 *bytes, u32 length)
{
	if (log_fd == NO_LOG)
		return;
	struct timespec now = clock_now(CLOCK_REALTIME_);
	struct line *line = &lines[stream];
	while (length) {
		u32 room = LOG_PART - line->length, most = length < room ? length : room, n = line_length(bytes, most);
		int ended = n < most;
		if (ended && line->length == 0) {
			put_record(m, stream, now, bytes, n, 1);
		} else {
			__builtin_memcpy(line->bytes + line->length, bytes, n);
			line->length += n;
			if (ended || line->length == LOG_PART)
				put_record(m, stream, now, line->bytes, line->length, ended);
		}
		bytes += n + ended;
		length -= n + ended;
	}
}

void log_flush(void)
{
	if (filled)
		write_out();
}

void log_end(struct machine *m, int stream)
{
	struct line *line = &lines[stream];
	if (line->length == 0)
		return;
	put_record(m, stream, clock_now(CLOCK_REALTIME_), line->bytes, line->length, 0);
	log_flush();
}
