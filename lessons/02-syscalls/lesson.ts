import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { programOnPath } from '../../src/host/programs.ts';
import { call } from '../../src/syscalls/calls.ts';
import { room, str, text } from '../../src/syscalls/data.ts';
import { AT, O } from '../../src/syscalls/uapi/flags.ts';
import { type Comparison, type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { type Fact, namespaceFacts } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';
import { type Called, markerPrefix } from './libc.ts';

const hello = text('hello from a syscall\n');

export const lesson: Lesson = {
  id: '02-syscalls',
  title: { en: 'A syscall is the only door', zh: '系统调用：唯一的门' },
  about: {
    en: 'libc from TypeScript, the same under strace, and calls as a list that can be printed and performed',
    zh: '从 TypeScript 调用 libc，用 strace 对照，再把调用写成可以打印、可以执行的一列步骤',
  },
  figure,
  needs: ['root', 'uts'],
  question: {
    ask: {
      en: 'A process is root (user 0) and then calls `seteuid(65534)`. Now it calls `sethostname("nobody")`. What does the kernel return?',
      zh: '一个进程本来是 root（用户 0），随后调用 `seteuid(65534)`。这时它再调用 `sethostname("nobody")`，内核会返回什么？',
    },
    right: {
      text: { en: '−1, and errno is EPERM', zh: '−1，errno 是 EPERM' },
      because: {
        en: '`sethostname` asks for the capability CAP_SYS_ADMIN, not for a user. But with its effective user 0 a process loses its effective capabilities. Below, libc and strace both say so.',
        zh: '`sethostname` 要的是 CAP_SYS_ADMIN 这项权限，而不是某个用户。但进程的有效用户一旦不再是 0，有效权限也随之失去。下面 libc 和 strace 都会这么说。',
      },
    },
    wrong: [
      {
        text: { en: '0: the process was started by root', zh: '0：进程是 root 启动的' },
        because: {
          en: 'The kernel asks what a process may do now. It could still go back to user 0, for its real and saved user are 0; but it has not.',
          zh: '内核只看进程此刻能做什么。它的真实用户和保存的用户都还是 0，随时可以变回去；但它还没有变回去。',
        },
      },
      {
        text: { en: '−1, and errno is EACCES', zh: '−1，errno 是 EACCES' },
        because: {
          en: 'EACCES is what a file’s mode says. A hostname has no mode; what is missing is a right, and that is EPERM.',
          zh: 'EACCES 说的是文件的权限位。主机名没有权限位；缺的是一项权限，所以是 EPERM。',
        },
      },
    ],
  },
  run: {
    program: ({ command }) =>
      lessonProgram({
        namespaces: ['uts'],
        child: [
          call('getpid', [], {
            why: {
              en: 'ask for the PID of this process: no argument, no failure, one number',
              zh: '询问自己的 PID：没有参数，不会失败，一个数',
            },
          }),
          call('uname', [room(390, '<utsname>')], {
            why: {
              en: 'the kernel writes six names of 65 bytes each into our memory',
              zh: '六个名字，每个 65 字节，由内核写进我们的内存',
            },
          }),
          call('openat', [AT.AT_FDCWD, str('/no/such/file'), O.O_RDONLY, 0], {
            why: {
              en: 'open a file that is not there: this step may fail with ENOENT, and only so',
              zh: '打开一个不存在的文件：这一步可以这样失败，也只可以这样失败',
            },
            tolerate: ['ENOENT'],
          }),
          call('write', [1, hello, hello.bytes.length], {
            why: { en: 'output: here to the standard output', zh: '输出：这里写到标准输出' },
          }),
          ...pieces.utsNamespace('program'),
        ],
        command,
      }),
    inside: 'echo "hostname: $(uname -n)"',
    evidence: (host, container) => ({
      facts: [
        {
          what: { en: 'hostname', zh: '主机名' },
          host: host.hostname,
          container: container.hostname,
          claim: 'differs',
        },
        ...namespaceFacts(host, container, ['uts']),
      ],
    }),
  },
  experiments: [],
  compare: underStrace,
  seen: [
    {
      en: 'a syscall is a name, up to six machine words and one as its result; errors are small negative numbers',
      zh: '系统调用就是一个名字、最多六个机器字的参数和一个机器字的返回值；错误是绝对值很小的负数',
    },
    {
      en: '`gethostname` of libc is the syscall `uname`; `seteuid` is `setresuid`: names of functions are not names of syscalls',
      zh: 'libc 的 `gethostname` 其实是系统调用 `uname`，`seteuid` 其实是 `setresuid`：函数名不等于系统调用名',
    },
    {
      en: 'a list of steps is a program: it was printed and performed, and strace agrees',
      zh: '一列步骤就是一段程序：可以打印，可以执行，strace 也认可',
    },
  ],
  sources: ['src/syscalls/step.ts', 'src/syscalls/calls.ts', 'src/syscalls/ffi.ts', 'native/interpret.c'],
};

/** libc.ts under strace: for each function what TypeScript got, and what really went through the door. */
async function underStrace(stage: Stage): Promise<Comparison> {
  const title = { en: 'libc from TypeScript, under strace', zh: '从 TypeScript 调用 libc，用 strace 旁观' };
  const script = fileURLToPath(new URL('libc.ts', import.meta.url));
  const node = [process.execPath, '--import', import.meta.resolve('tsx'), script] as const;
  const strace = programOnPath('strace');
  const trace = path.join(stage.scratch, 'strace.txt');
  const traced = '?access,?faccessat,?faccessat2,getpid,uname,unshare,sethostname,setresuid';
  const command = strace ? [strace, '-qq', '-e', `trace=${traced}`, '-o', trace, ...node] : [...node];
  const { stdout } = await promisify(execFile)(command[0]!, command.slice(1));
  const called = JSON.parse(stdout) as Called[];
  const seen = strace ? callsByMarker(fs.readFileSync(trace, 'utf8')) : new Map<string, string>();
  const skipped = { en: 'strace is not installed: only the left column', zh: '没有安装 strace：只有左边一列' };
  const facts = called.map(one => {
    const got = one.answer.errno ?? String(one.answer.value);
    const what = `${one.call}${one.found ? ` "${one.found}"` : ''}`;
    const kernel = seen.get(one.name);
    return {
      what: { en: what, zh: what },
      host: got,
      container: strace ? answerOf(kernel ?? '') : got,
      claim: 'same',
    } as Fact;
  });
  return {
    title,
    evidence: {
      columns: [
        { en: 'TypeScript got', zh: 'TypeScript 得到' },
        { en: 'strace saw', zh: 'strace 看到' },
      ],
      facts: [
        ...facts,
        {
          what: { en: 'hostname of the host', zh: '宿主机的主机名' },
          host: os.hostname(),
          container: fs.readFileSync('/proc/sys/kernel/hostname', 'utf8').trim(),
          claim: 'same',
        },
      ],
      listings: [
        strace
          ? {
              title: { en: 'the syscalls behind them, in strace’s words', zh: '背后的系统调用，strace 的原话' },
              lines: [...seen.values()],
            }
          : { title: skipped, lines: ['apt install strace'] },
      ],
    },
  };
}

/** For each marker the last call before the next: libc may ask other things first (its own pid, in seteuid). */
function callsByMarker(trace: string): Map<string, string> {
  const calls = new Map<string, string>();
  let marker: string | undefined;
  for (const line of trace.split('\n')) {
    const found = /^f?access(?:at2?)?\(.*"([^"]+)"/.exec(line)?.[1];
    if (found?.startsWith(markerPrefix)) marker = found.slice(markerPrefix.length);
    else if (marker !== undefined && found === undefined && line !== '') calls.set(marker, line);
  }
  return calls;
}

/** `EPERM` of `sethostname("nobody", 6) = -1 EPERM (Operation not permitted)`; `0` of one that succeeded. */
function answerOf(line: string): string {
  const match = / = (-?\d+)(?: (E[A-Z]+))?/.exec(line);
  return match?.[2] ?? match?.[1] ?? '–';
}
