/*
 * What the launcher (TypeScript: src/syscalls/protocol.ts and encode.ts) and the shim say to each other.
 *
 *   launcher                                shim (fd 3)                    child (fd 4)
 *      │ ── program ──────────────────────▶  │ host section                  │
 *      │ ◀─ TRACE, BEFORE, FAILED ─────────  │ clone ──────────────────────▶ │ child section
 *      │ ◀─ PID ───────────────────────────  │                               │
 *      │ ◀─ TRACE, BEFORE, FAILED, SYNC ───────────────────────────────────  │ sync
 *      │ ── one byte: go on ──────────────────────────────────────────────▶  │
 *      │ ◀─ ATTEMPT (each failed execve, where none succeeded) ────────────  │ exec section
 *      │ ◀─ end of file: execve succeeded ─────────────────────────────────  ✕ (close-on-exec)
 *      │ ── ATTACH, INPUT, END, WINDOW, KILL, CLEANS ▶ supervise
 *      │ ◀─ OUTPUT, ACCEPTED, EXITED ──────  │
 *
 * Everything is little-endian. Clients of the listening socket speak as the launcher does on fd 3, from ATTACH on.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long s64;

enum { SHIM_FD = 3, CHILD_FD = 4 };

/*
 * execve(2) limits arguments and environment to a quarter of the stack limit: 2 MiB by default. The shortest strings
 * count 9 bytes each there (1 byte and the kernel's pointer) and take 24 bytes each in a program: a program of 8 MiB
 * holds all that the kernel accepts.
 *
 * A slot holds a saved result, mostly a descriptor; each volume needs one that is held across the clone. Unused slots
 * cost no memory: the kernel never allocates pages that nobody touches.
 */
enum { MAGIC = 0x3150444d /* "MDP1" */, MAX_PROGRAM = 8 << 20, MAX_SLOTS = 4096, MAX_TOLERATED = 8 };

/* Flags of a program. The bits above them are its tag, which every report repeats. */
enum { FLAG_TRACE = 1, FLAG_STEP = 2, TAG_SHIFT = 8 };

enum section { HOST, CHILD, EXEC, EXIT, REAP, REOPEN, ARCHIVE, RELAY, NOTICE, SECTIONS };

/* A program is: header, steps of all sections, supervise entries, pointers, data. */
struct header {
	u32 magic, size, flags, slots, data, pointers, steps[SECTIONS], supervise;
}; /* a multiple of 8 bytes, as all that follows it */

enum op { OP_SYSCALL, OP_STORE, OP_EXPECT, OP_SYNC, OPS };
enum kind { IMMEDIATE, DATA, SAVED, WORD, KINDS };
enum { STEP_FORKS = 1, NO_SLOT = 0xffff };
enum width { STORE_U32 = 1, STORE_U64, STORE_DECIMAL };

/*
 * syscall  number, arg[0..5]
 * store    arg[0] the value, arg[1] offset in data, width
 * expect   arg[0] offset in data, arg[1] mask, arg[2] value; width is the number of bytes, 1 to 8
 */
struct step {
	u8 op, flags;
	u16 save;
	u32 number;
	u8 kind[6], tolerated, width;
	u16 tolerate[MAX_TOLERATED];
	u64 arg[6];
};

/* A 64-bit pointer inside data: data[at] = address of data[to]. */
struct pointer {
	u32 at, to;
};

enum role {
	ROLE_CHILD, ROLE_STDIN, ROLE_STDOUT, ROLE_STDERR, ROLE_CONSOLE, ROLE_LOG, ROLE_LISTEN, ROLE_STATUS,
	ROLE_FORM_STDOUT, ROLE_FORM_STDERR, ROLE_BACKLOG, ROLE_LOG_SIZE, ROLE_RELAY,
	ROLE_BELL, ROLE_COUNTER, ROLE_COUNTER_WORD, ROLES
};

enum { CHUNK = 32768 }; /* the most that one INPUT or OUTPUT carries */

/*
 * The text of one record of the log, of a stream: data that ends at a NUL, with these bytes where the line (as the inside of a
 * JSON string) and its time (RFC 3339) belong.
 */
enum { FORM_LINE = 1, FORM_TIME = 2, MAX_FORM = 16384 };

struct supervise_entry {
	u32 role, kind;
	u64 arg;
};

/* Every message but the program and the single byte of sync. */
struct frame {
	u8 type, detail; /* detail: the section, the stream, or the bits of ATTACH */
	u16 reserved;
	u32 length;
};

struct report {
	u32 index, tag;
	s64 result; /* of the syscall, negative errno on failure */
	u64 seen;   /* expect: the bytes that were there */
};

/* From the shim. */
enum {
	TRACE = 'T', BEFORE = 'B', FAILED = 'F', ATTEMPT = 'A', SYNC = 'S', MALFORMED = 'M',
	PID = 'P', OUTPUT = 'O', ACCEPTED = 'I', EXITED = 'X',
};

/*
 * To the supervisor. A client sends its next INPUT only when the one before was ACCEPTED, so that a KILL never queues behind
 * input that the container does not read. ATTACH: 1 stdin, 2 stdout, 4 stderr; 8: where this client goes, the process's input ends. KILL
 * and WINDOW carry a u32 and a struct winsize.
 */
enum { ATTACH = 'a', INPUT = 'i', END = 'e', WINDOW = 'w', KILL = 'k', CLEANS = 'c' };
