import fs from 'node:fs';
import path from 'node:path';
import { capabilitySets } from '../../src/container/process/capabilities.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { call, close, open } from '../../src/syscalls/calls.ts';
import { room } from '../../src/syscalls/data.ts';
import { type Program, program, type Slot, type Step, slot } from '../../src/syscalls/step.ts';
import { O, PR, signals } from '../../src/syscalls/uapi/flags.ts';
import type { Exercise, Mine, Seen } from '../../src/workshop/exercise/types.ts';
import { lessonProgram, type Stage } from '../../src/workshop/lesson.ts';

interface Values {
  /** The user that the process becomes. */
  readonly uid: number;
}

const preparation = { why: { en: 'so that the check can see it', zh: '为了让检查看得到' } };

/** Asks the kernel which signal it will send, and writes the answer to a file that was opened as root. */
function note(file: Slot): Step[] {
  const answer = room(4, '<parent-death signal>');
  return [
    call('prctl', [PR.PR_GET_PDEATHSIG, answer, 0, 0, 0], preparation),
    call('write', [file, answer, answer.bytes.length], preparation),
    close(file, preparation),
  ];
}

/** The learner's steps around a change of the user, as the engine has them; the kernel is asked before it and at the end. */
function tied(
  mine: Mine,
  { scratch, command }: Stage,
  { uid }: Values,
  between: (host: readonly Step[]) => Step[],
): Program {
  const [before, after] = [slot('before the change'), slot('at the end')];
  const { host, parent, first, last } = mine.dieWithSupervisor();
  const user = { uid, gid: uid, additionalGids: [uid] };
  const file = (name: string, save: Slot) =>
    open(`${scratch}/${name}`, O.O_CREAT | O.O_WRONLY, { ...preparation, save }, 0o600);
  const base = lessonProgram({
    namespaces: ['pid'],
    child: [
      ...first,
      file('before', before),
      file('after', after),
      ...note(before),
      ...pieces.capabilities(capabilitySets([], uid), user, { capabilities: new Set() }),
      ...between(host),
      ...last,
      ...note(after),
    ],
    command,
  });
  return program({ ...base, host: [...host, ...base.host, ...parent] });
}

/** What a descriptor of a dead process's command line gives: nothing. */
function supervisorDies(host: readonly Step[]): Step[] {
  const held = host.find(step => step.op === 'syscall' && step.save !== undefined);
  if (held?.op !== 'syscall' || held.save === undefined) return [];
  const empty = slot('nothing');
  return [
    open('/dev/null', O.O_RDONLY, { ...preparation, save: empty }),
    call('dup3', [empty, held.save, O.O_CLOEXEC], preparation),
  ];
}

/** The signal that was noted; undefined where the program did not come so far. */
function noted({ scratch }: Seen, name: string): number | undefined {
  const file = path.join(scratch, name);
  const bytes = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
  return bytes.length === 4 ? bytes.readInt32LE(0) : undefined;
}

const nameOf = (signal: number | undefined) =>
  Object.entries(signals).find(([, number]) => number === signal)?.[0] ?? String(signal ?? 0);

/** Descriptors of a process that lead to some command line in /proc. */
const commandLinesOf = (pid: number) =>
  fs
    .readdirSync(`/proc/${pid}/fd`)
    .map(fd => fs.readlinkSync(`/proc/${pid}/fd/${fd}`))
    .filter(link => link.endsWith('/cmdline'));

export const exercise: Exercise<Values> = {
  lesson: 'supervisor',
  task: {
    en: 'Write `dieWithSupervisor()`: the steps by which a container’s process ends with its supervisor, also after it has become another user, and also if the supervisor died before the kernel was told.',
    zh: '写出 `dieWithSupervisor()`：容器进程靠这些步骤与监管进程一起结束。换了用户之后也要有效；监管进程在告知内核之前就死了，也要能发现。',
  },
  pieces: ['dieWithSupervisor'],
  syscalls: ['openat', 'prctl', 'read', 'close'],
  values: random => ({ uid: random.integer(1000, 60_000) }),
  program: (mine, stage, values) => tied(mine, stage, values, () => []),
  inside: 'true',
  grade(seen, { uid }) {
    const [before, after] = [noted(seen, 'before'), noted(seen, 'after')];
    return [
      {
        ok: before === signals.SIGKILL,
        what: { en: 'from its first moment it dies with its supervisor', zh: '从一开始就与监管进程共存亡' },
        hint: before
          ? {
              en: `the kernel would send it ${nameOf(before)}: it is PID 1 of its namespace, and without a handler only one signal gets through`,
              zh: `内核会给它发 ${nameOf(before)}：它是本命名空间的 1 号进程，没有处理函数时，只有一个信号能通过`,
            }
          : {
              en: 'before the change of the user no signal is set: mounts and the rest take time in which the supervisor may die. What belongs into `first`?',
              zh: '更换用户之前还没有设置信号：挂载等步骤要花时间，监管进程可能在这期间死掉。`first` 里该有什么？',
            },
      },
      {
        ok: after === signals.SIGKILL,
        what: { en: `and still as user ${uid}`, zh: `换成用户 ${uid} 之后也一样` },
        hint: after
          ? {
              en: `at the end the signal is ${nameOf(after)}: for a PID 1 it must be the one that cannot be dropped`,
              zh: `最后的信号是 ${nameOf(after)}：对 1 号进程，必须用那个不会被丢弃的信号`,
            }
          : before === undefined || before === 0
            ? { en: 'no signal here either', zh: '这里也没有设置信号' }
            : {
                en: `the kernel says: no signal. It was set, and setuid(${uid}) made the kernel forget it: see PR_SET_PDEATHSIG in prctl(2). What belongs into \`last\`?`,
                zh: `内核说：没有信号。它设置过，但 setuid(${uid}) 让内核忘了它：见 prctl(2) 的 PR_SET_PDEATHSIG。\`last\` 里该有什么？`,
              },
      },
      {
        ok: commandLinesOf(seen.process.pid).length === 0,
        what: { en: 'the container’s program has no file of the supervisor’s', zh: '容器的程序手里没有监管进程的文件' },
        hint: {
          en: 'it holds /proc/…/cmdline of the supervisor, a way to the host’s /proc: O_CLOEXEC is missing (`open` sets it)',
          zh: '它握着监管进程的 /proc/…/cmdline，那是通向宿主机 /proc 的路：缺少 O_CLOEXEC（`open` 会加上）',
        },
      },
      {
        ok: commandLinesOf(seen.outer.pid).length === 0,
        what: { en: 'the supervisor has closed its copy of the descriptor', zh: '监管进程关掉了自己那份描述符' },
        hint: {
          en: 'the supervisor still holds its own command line open, as long as the container lives: what belongs into `parent`?',
          zh: '容器活着期间，监管进程一直打开着自己的命令行文件：`parent` 里该有什么？',
        },
      },
    ];
  },
  more: [
    {
      program: (mine, stage, values) => tied(mine, stage, values, supervisorDies),
      stops: { call: 'expect', errno: 'unexpected' },
      what: {
        en: 'if the supervisor died before the signal was set, it does not begin',
        zh: '监管进程若死在设置信号之前，它就不会开始运行',
      },
      hint: {
        en: 'the supervisor was dead before `last` (its command line is empty), no signal comes any more, and the container went on all the same: read the descriptor that was opened in `host`, and `expect` what a living one has',
        zh: '监管进程在 `last` 之前就死了（命令行是空的），信号不会再来，容器却照样运行：读一读在 `host` 里打开的描述符，再用 `expect` 要求活着的进程才有的内容',
      },
    },
  ],
  hints: [
    {
      en: 'man 2 prctl, PR_SET_PDEATHSIG: what it does, for whom, and the sentence that says when it is cleared. The raw call takes five arguments, the last three 0.',
      zh: 'man 2 prctl 的 PR_SET_PDEATHSIG：它做什么，对谁有效，以及说明何时会被清除的那句话。原始调用有五个参数，后三个是 0。',
    },
    {
      en: "The same prctl stands in `first` and in `last`. `host` has one `open('/proc/self/cmdline', …)`: opened before clone, “self” is the supervisor. `parent` closes it.",
      zh: "同一个 prctl 在 `first` 和 `last` 里各有一次。`host` 里是一个 `open('/proc/self/cmdline', …)`：在 clone 之前打开，“self”就是监管进程。`parent` 把它关掉。",
    },
    {
      en: "`last` has three steps: the prctl; `call('read', [fd, seen, 16], …)` with `seen = room(16, '…')`; `expect(seen, 0, new TextEncoder().encode('minidock'), …)`.",
      zh: "`last` 有三个步骤：prctl；`call('read', [fd, seen, 16], …)`，其中 `seen = room(16, '…')`；`expect(seen, 0, new TextEncoder().encode('minidock'), …)`。",
    },
  ],
  wrong: [
    {
      name: 'set once, before the user changes',
      code: `  const why = { en: '', zh: '' };
  return { host: [], parent: [], first: [call('prctl', [PR.PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0], { why })], last: [] };`,
      hint: /made the kernel forget it/,
    },
    {
      name: 'set once, at the end',
      code: `  const why = { en: '', zh: '' };
  return { host: [], parent: [], first: [], last: [call('prctl', [PR.PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0], { why })] };`,
      hint: /before the change of the user no signal is set/,
    },
    {
      name: 'a signal that PID 1 does not get',
      code: `  const why = { en: '', zh: '' };
  const step = () => call('prctl', [PR.PR_SET_PDEATHSIG, signals.SIGTERM, 0, 0, 0], { why });
  return { host: [], parent: [], first: [step()], last: [step()] };`,
      hint: /would send it SIGTERM/,
    },
    {
      name: 'does not look whether the supervisor lives',
      code: `  const why = { en: '', zh: '' };
  const step = () => call('prctl', [PR.PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0], { why });
  return { host: [], parent: [], first: [step()], last: [step()] };`,
      hint: /the container went on all the same/,
    },
    {
      name: 'leaves the descriptor open in the supervisor',
      code: `  const why = { en: '', zh: '' };
  const [fd, seen] = [slot('fd'), room(16, 'seen')];
  const step = () => call('prctl', [PR.PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0], { why });
  return {
    host: [open('/proc/self/cmdline', O.O_RDONLY, { why, save: fd })],
    parent: [],
    first: [step()],
    last: [step(), call('read', [fd, seen, 16], { why }), expect(seen, 0, new TextEncoder().encode('minidock'), { why })],
  };`,
      hint: /what belongs into `parent`/,
    },
    {
      name: 'opens the file in the child, where self is the child',
      code: `  const why = { en: '', zh: '' };
  const [fd, seen] = [slot('fd'), room(16, 'seen')];
  const step = () => call('prctl', [PR.PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0], { why });
  return {
    host: [],
    parent: [],
    first: [step()],
    last: [
      step(),
      open('/proc/self/cmdline', O.O_RDONLY, { why, save: fd }),
      call('read', [fd, seen, 16], { why }),
      expect(seen, 0, new TextEncoder().encode('minidock'), { why }),
      close(fd, { why }),
    ],
  };`,
      hint: /the container went on all the same/,
    },
  ],
};
