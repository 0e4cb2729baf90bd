// @mounts-nothing its subject is what a process inherits
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** What a process hands on to those that it starts, and a container must not have from whoever started it. */
const test = requires('root', 'busybox', 'overlayfs', 'gcc');
let box: BusyboxEngine;
let tools: string;

test.before(async () => {
  box = await busyboxEngine();
  tools = temporaryFolder('inherited');
  for (const [name, source] of [
    ['odd', odd],
    ['show', show],
  ] as const) {
    writeFileSync(join(tools, `${name}.c`), `${headers}${source}`);
    const built = spawnSync('gcc', ['-static', '-w', '-o', join(tools, name), join(tools, `${name}.c`)]);
    if (built.status !== 0) throw new Error(String(built.stderr));
  }
});
test.after.each(() => box.removeAll());

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

/** Runs minidock from a process with odd attributes of its own; the output. */
async function fromOddCaller(...args: string[]): Promise<string> {
  const { stdout } = await execa(join(tools, 'odd'), [minidockPath, ...args], { env: box.env, stdin: 'ignore' });
  return stdout;
}

test('neither run nor exec hands on what its caller is: scheduling, memory, personality, dumps, limits', async () => {
  const volume = ['-v', `${tools}:/t:ro`];
  const shown = await fromOddCaller('run', '--rm', '--network', 'none', ...volume, 'bb', '/t/show');
  for (const line of [
    'nice 0',
    'policy 0',
    `cpus ${availableParallelism()}`,
    'ioprio 0',
    'timer slack 50000',
    'personality 0',
    'umask 22',
    '/proc/self/oom_score_adj 0',
    '/proc/self/coredump_filter 00000033',
  ])
    assert.ok(shown.split('\n').includes(line), `no "${line}" in\n${shown}`);
  assert.not.match(shown, /THP_enabled:\s+0|memory policy bind/);
  for (const [name, soft] of [
    ['cpu time', 'unlimited'],
    ['file size', 'unlimited'],
    ['data size', 'unlimited'],
    ['stack size', '8388608'],
    ['core file size', 'unlimited'],
    ['resident set', 'unlimited'],
    ['address space', 'unlimited'],
    ['file locks', 'unlimited'],
    ['msgqueue size', '819200'],
    ['nice priority', '0'],
    ['realtime priority', '0'],
    ['realtime timeout', 'unlimited'],
  ])
    assert.match(shown, new RegExp(`^Max ${name} +${soft} `, 'm'));
  // Docker's: as far as it may be raised here.
  assert.not.match(shown, /^Max (processes +20000|locked memory +65536|pending signals +777) /m);
  const id = await fromOddCaller('run', '-d', '--network', 'none', ...volume, 'bb', 'sleep', '1000');
  assert.is(await fromOddCaller('exec', id, '/t/show'), shown);
  assert.is(
    await box.ok(['run', '--rm', '--network', 'none', ...volume, 'bb', '/t/show']),
    shown,
    'from a caller without oddities',
  );
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'gcc',
  'dockerd',
  'docker',
)("all of it is as in Docker's containers", async () => {
  const daemon = await dockerd();
  daemon.docker(['import', '-', 'bb'], readFileSync((await busyboxImage()).rootfs));
  const command = ['--rm', '--network', 'none', '-v', `${tools}:/t:ro`, 'bb', '/t/show'];
  assert.is((await fromOddCaller('run', ...command)).trimEnd(), daemon.docker(['run', ...serviceLimits(), ...command]));
});

/** What systemd and docker.service of Debian 12 give dockerd, for one that was started here; as far as it may be raised. */
function serviceLimits(): string[] {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const [, rights] = /^CapEff:\s+(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  const mayRaise = ((BigInt(`0x${rights}`) >> 24n) & 1n) === 1n;
  const hardest = (name: string, wanted: number) => {
    const [, hard] = new RegExp(`^Max ${name} +\\S+ +(\\S+)`, 'm').exec(limits)!;
    const value = mayRaise || hard === 'unlimited' ? wanted : Math.min(wanted, Number(hard));
    return Number.isFinite(value) ? value : -1;
  };
  const unlimited = Number.POSITIVE_INFINITY;
  return [
    `nofile=${hardest('open files', 1048576)}`,
    `nproc=${hardest('processes', unlimited)}`,
    `core=${hardest('core file size', unlimited)}`,
    `memlock=${hardest('locked memory', 8 << 20)}`,
    `stack=${8 << 20}:${hardest('stack size', unlimited)}`,
  ].flatMap(limit => ['--ulimit', limit]);
}

test.run();
