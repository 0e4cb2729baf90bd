import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { temporaryFolder } from './cleanup.ts';
import { minidockPath, type Sandbox } from './minidock.ts';

/** Two programs, built for any container, in a folder of their own. */
export interface InheritedTools {
  /** Has `show`, which prints what a process hands on to those that it starts. */
  folder: string;
  /** Runs minidock from a process of which all of that is odd; its output. */
  fromOddCaller(box: Sandbox, ...args: string[]): Promise<string>;
}

/** Needs gcc. */
export function inheritedTools(): InheritedTools {
  const folder = temporaryFolder('inherited');
  for (const [name, source] of [
    ['odd', odd],
    ['show', show],
  ] as const) {
    writeFileSync(join(folder, `${name}.c`), `${headers}${source}`);
    const built = spawnSync('gcc', ['-static', '-w', '-o', join(folder, name), join(folder, `${name}.c`)]);
    if (built.status !== 0) throw new Error(String(built.stderr));
  }
  return {
    folder,
    fromOddCaller: async (box, ...args) => {
      const { stdout } = await execa(join(folder, 'odd'), [minidockPath, ...args], { env: box.env, stdin: 'ignore' });
      return stdout;
    },
  };
}

const headers = `#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
`;

/** Takes everything that can be inherited to a value of its own, and executes its arguments. */
const odd = `
static void put(const char *file, const char *text) {
	int fd = open(file, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0) perror(file);
	close(fd);
}
static void limit(int resource, rlim_t soft) {
	struct rlimit r;
	getrlimit(resource, &r);
	r.rlim_cur = soft;
	if (setrlimit(resource, &r)) perror("setrlimit");
}
int main(int argc, char **argv) {
	cpu_set_t first;
	unsigned long node = 1;
	struct sched_param none = { 0 };
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	put("/proc/self/oom_score_adj", "300");
	put("/proc/self/coredump_filter", "1");
	sched_setscheduler(0, SCHED_BATCH, &none);
	setpriority(PRIO_PROCESS, 0, 7);
	sched_setaffinity(0, sizeof first, &first);
	syscall(SYS_ioprio_set, 1, 0, 3 << 13);
	syscall(SYS_set_mempolicy, 2, &node, 64);
	prctl(PR_SET_TIMERSLACK, 123456, 0, 0, 0);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	personality(ADDR_NO_RANDOMIZE);
	limit(RLIMIT_CPU, 4321);
	limit(RLIMIT_FSIZE, 1 << 30);
	limit(RLIMIT_DATA, 1UL << 42);
	limit(RLIMIT_STACK, 3 << 20);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_RSS, 1UL << 41);
	limit(RLIMIT_NPROC, 20000);
	limit(RLIMIT_MEMLOCK, 65536);
	limit(RLIMIT_AS, 1UL << 43);
	limit(RLIMIT_LOCKS, 77);
	limit(RLIMIT_SIGPENDING, 777);
	limit(RLIMIT_MSGQUEUE, 7777);
	limit(RLIMIT_RTTIME, 7777777);
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
`;

const show = `
static void print(const char *file) {
	char text[65536];
	int fd = open(file, O_RDONLY), n = read(fd, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = 0;
	if (strstr(file, "status")) {
		char *at = strstr(text, "THP_enabled");
		if (at) printf("%.*s\\n", (int)strcspn(at, "\\n"), at);
	} else if (strstr(file, "numa_maps")) {
		printf("memory policy %.7s\\n", strchr(text, ' ') ? strchr(text, ' ') + 1 : "none");
	} else {
		printf("%s %s%s", file, strstr(file, "limits") ? "\\n" : "", text);
		if (text[0] && text[strlen(text) - 1] != '\\n') puts("");
	}
	close(fd);
}
int main(void) {
	cpu_set_t cpus;
	sched_getaffinity(0, sizeof cpus, &cpus);
	printf("nice %d\\npolicy %d\\ncpus %d\\nioprio %ld\\ntimer slack %d\\npersonality %x\\numask %o\\n", getpriority(PRIO_PROCESS, 0),
	       sched_getscheduler(0), CPU_COUNT(&cpus), syscall(SYS_ioprio_get, 1, 0), prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0),
	       personality(0xffffffff), umask(0));
	print("/proc/self/oom_score_adj");
	print("/proc/self/coredump_filter");
	print("/proc/self/status");
	print("/proc/self/numa_maps");
	print("/proc/self/limits");
	return 0;
}
`;
