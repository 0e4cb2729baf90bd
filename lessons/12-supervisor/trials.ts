import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import type { Tether } from '../../src/container/process/namespaces.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { connectSupervisor } from '../../src/engine/containers/connection.ts';
import { errnoOf } from '../../src/errors.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { flocks, lockKey } from '../../src/host/locks.ts';
import { childrenOf, isAlive, statusField } from '../../src/host/process.ts';
import { shimPath } from '../../src/syscalls/shim.ts';
import { signals as numbers } from '../../src/syscalls/uapi/flags.ts';
import type { Evidence } from '../../src/workshop/play/evidence.ts';
import { type Kept, keep, ready, shell, signal, smallContainer, until } from './container.ts';

type Tell = (line: string) => void;

const root = 0;

/** Whether a bit of `SigCgt`, `SigPnd` … is set. */
const hasSignal = (pid: number, field: string, number: number) =>
  (BigInt(`0x${statusField(pid, field) || '0'}`) & (1n << BigInt(number - 1))) !== 0n;

/** SIGTERM to a PID 1 without a handler, and to one with. */
export async function signals(scratch: string, tell: Tell): Promise<Evidence> {
  const stop = (script: string) =>
    keep(smallContainer({ command: shell(`${script}${ready}; read _`, scratch) }), async ({ shim, first }) => {
      const { pid } = first;
      const handled = hasSignal(pid, 'SigCgt', numbers.SIGTERM);
      const name = handled ? 'with a trap' : 'no handler';
      tell(`${name}: kill(${pid}, SIGTERM)`);
      process.kill(pid, 'SIGTERM');
      const ended = handled && (await until(() => !isAlive(first)));
      const pending = !ended && ['SigPnd', 'ShdPnd'].some(field => hasSignal(pid, field, numbers.SIGTERM));
      if (!ended) {
        tell(`${name}: kill(${pid}, SIGKILL)`);
        shim.client.signal(numbers.SIGKILL);
      }
      const status = await shim.exited;
      return {
        handler: handled ? 'yes' : 'no',
        after: ended ? 'ended' : `runs, ${pending ? 'SIGTERM pending' : 'nothing pending'}`,
        status: String(status),
      };
    });
  const without = await stop('');
  const handling = await stop("trap 'exit 0' TERM; ");
  return {
    columns: [
      { en: 'a shell', zh: 'shell' },
      { en: 'a shell with a trap', zh: '有 trap 的 shell' },
    ],
    facts: [
      {
        what: { en: 'a handler for SIGTERM (SigCgt)', zh: '有 SIGTERM 的处理函数吗（SigCgt）' },
        host: without.handler,
        container: handling.handler,
        claim: 'differs',
      },
      {
        what: { en: 'after SIGTERM', zh: 'SIGTERM 之后' },
        host: without.after,
        container: handling.after,
        claim: 'differs',
      },
      {
        what: { en: 'the first one: SIGTERM is dropped, not kept', zh: '第一个：SIGTERM 被丢弃，没有留着' },
        host: 'runs, nothing pending',
        container: without.after,
        claim: 'same',
      },
      {
        what: { en: 'exit status', zh: '退出状态' },
        host: without.status,
        container: handling.status,
        claim: 'differs',
      },
    ],
  };
}

/** Name and state of each child of a process, those left out that end meanwhile. */
function childStates(pid: number): string[] {
  return childrenOf(pid).flatMap(child => {
    try {
      return [`${statusField(child, 'Name')} ${statusField(child, 'State')}`];
    } catch {
      return [];
    }
  });
}

const isZombie = (state: string) => / Z\b/.test(state);

/** Orphans that end, under a PID 1 that never waits, and under one that waits for any child. */
export async function zombies(scratch: string, tell: Tell): Promise<Evidence> {
  const end = `${scratch}/end`;
  const orphan = `(while [ ! -e "$LESSON/end" ]; do sleep 0.1; done) > /dev/null 2>&1 & echo $!`;
  const begin = `for i in 1 2 3; do sh -c '${orphan}'; done; ${ready}; `;
  const count = (name: string, rest: string) => {
    fs.rmSync(end, { force: true });
    const program = smallContainer({ command: shell(begin + rest, scratch), uid: root });
    return keep(program, async ({ first, output }) => {
      // The shell that becomes cat would wait for them still.
      await until(() => statusField(first.pid, 'Name') === name);
      fs.writeFileSync(end, '');
      let found: string[] = [];
      await until(() => {
        found = childStates(first.pid);
        return name === 'cat' ? found.every(isZombie) : found.length <= 1 && !found.some(isZombie);
      });
      tell(`${name}: ${found.join(', ') || '–'}`);
      return { orphans: String(output.length), zombies: String(found.filter(isZombie).length) };
    });
  };
  const waiting = await count('cat', 'exec cat > /dev/null');
  const collected = await count('sh', 'while echo; do sleep 0.1; done');
  return {
    columns: [
      { en: 'PID 1 is cat', zh: '1 号是 cat' },
      { en: 'PID 1 is a shell that waits', zh: '1 号是会等待的 shell' },
    ],
    facts: [
      {
        what: { en: 'orphans, all of them ended', zh: '孤儿，都已结束' },
        host: waiting.orphans,
        container: collected.orphans,
        claim: 'same',
      },
      {
        what: { en: 'zombies', zh: '僵尸' },
        host: waiting.zombies,
        container: collected.zombies,
        claim: 'differs',
      },
    ],
  };
}

/** The command that started a container goes, another comes; what the supervisor keeps meanwhile and leaves behind. */
export async function exitRecord(scratch: string, tell: Tell): Promise<Evidence> {
  const at = (name: string) => `${scratch}/${name}`;
  const files = pieces.supervisorFiles({
    alive: at('alive'),
    socket: at('s'),
    log: at('log'),
    exit: at('exit'),
    reserve: at('starting.json'),
  });
  const stdio = pieces.pipes({ interactive: false, user: { uid: root, gid: root } });
  const script = `echo hello; ${ready}; while [ -e "$LESSON/stay" ]; do sleep 0.1; done; exit 7`;
  fs.writeFileSync(at('stay'), '');
  fs.writeFileSync(at('starting.json'), '');
  const held = () => (flocks().has(lockKey(at('alive')) ?? '') ? 'locked' : 'free');
  const record = () => (fs.lstatSync(at('exit'), { throwIfNoEntry: false }) ? fs.readlinkSync(at('exit')) : '–');
  const program = smallContainer({ command: shell(script, scratch), uid: root, files, stdio });
  return keep(program, async ({ shim, supervisor }) => {
    tell('first client:  hello');
    shim.detach();
    tell('first client:  hangs up');
    const before = { lock: held(), record: record() };
    const second = await connectSupervisor(at('s'));
    if (second === undefined) throw new Error('the supervisor accepts no connection');
    tell('second client: connects to the socket');
    fs.rmSync(at('stay'));
    const told = await second.exited;
    tell(`second client: exit status ${told}`);
    second.close();
    await until(() => !isAlive(supervisor));
    return {
      columns: [
        { en: 'while it runs', zh: '运行时' },
        { en: 'after its end', zh: '结束后' },
      ],
      facts: [
        { what: { en: 'alive', zh: 'alive' }, host: before.lock, container: held(), claim: 'differs' },
        { what: { en: 'exit', zh: 'exit' }, host: before.record, container: record(), claim: 'differs' },
        {
          what: { en: 'what the second client heard, and what is written', zh: '第二个客户端听到的，与记下的' },
          host: String(told),
          container: record(),
          claim: 'same',
        },
      ],
      listings: [
        {
          title: {
            en: 'the log: a JSON object a line, with its stream and time',
            zh: '日志：每行一个 JSON 对象，带有流和时间',
          },
          lines: fs.readFileSync(at('log'), 'utf8').trimEnd().split('\n'),
        },
      ],
    };
  });
}

/** SIGKILL for the supervisor; then PID 1 is asked whether it is still there. */
export function killedSupervisor(
  scratch: string,
  tell: Tell,
  { tie, survives }: { tie: (tether: Tether) => Tether; survives: boolean },
): Promise<Evidence> {
  // Its input would be closed with the supervisor. The reader of its output is the lesson: without it, echo fails.
  const script = `trap 'echo still here' USR1; ${ready}; while echo; do sleep 0.1; done`;
  const program = smallContainer({ command: shell(script, scratch), tie });
  const look = async ({ shim, supervisor, first }: Kept): Promise<Evidence> => {
    const parent = () => (isAlive(first) ? statusField(first.pid, 'PPid') : '–');
    const before = parent();
    let said = '';
    shim.process.stdout!.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    tell(`kill(${supervisor.pid}, SIGKILL)   # minidock-shim`);
    shim.process.kill('SIGKILL');
    await shim.ended;
    // The signal for PID 1 is sent with the death of its parent: one that has it never gets to answer.
    signal(first, 'SIGUSR1');
    await until(() => !isAlive(first) || said.includes('still here'));
    tell(`PID 1: ${said.includes('still here') ? 'still here' : '…'}`);
    return {
      columns: [
        { en: 'before', zh: '之前' },
        { en: 'after', zh: '之后' },
      ],
      facts: [
        {
          what: { en: 'the supervisor', zh: '监管进程' },
          host: 'runs',
          container: isAlive(supervisor) ? 'runs' : 'gone',
          claim: 'differs',
        },
        {
          what: { en: 'PID 1 of the container', zh: '容器的 1 号进程' },
          host: 'runs',
          container: isAlive(first) ? 'runs' : 'gone',
          claim: survives ? 'same' : 'differs',
        },
        { what: { en: 'its parent', zh: '它的父进程' }, host: before, container: parent(), claim: 'differs' },
      ],
    };
  };
  return keep(program, look);
}

/**
 * Holds a running program's file open for reading, waits for its end, and writes to it by /proc/self/fd: what the first four
 * bytes became, or the errno.
 */
function overwrite(held: number): string {
  try {
    const again = fs.openSync(`/proc/self/fd/${held}`, 'r+');
    try {
      fs.writeSync(again, '#!/x', 0);
      return 'written';
    } finally {
      fs.closeSync(again);
    }
  } catch (error) {
    return errnoOf(error) ?? String(error);
  } finally {
    fs.closeSync(held);
  }
}

const exeOf = (pid: number) => ({
  link: fs.readlinkSync(`/proc/${pid}/exe`),
  held: fs.openSync(`/proc/${pid}/exe`, 'r'),
});

/** CVE-2019-5736 against a shim that runs from a file, and against one that runs as the engine starts it. */
export async function theSeal(scratch: string, tell: Tell): Promise<Evidence> {
  const copy = `${scratch}/shim`;
  fs.copyFileSync(shimPath(), copy);
  fs.chmodSync(copy, 0o755);
  const fromFile = await runFile(copy);
  tell(`${fromFile.link}: write = ${fromFile.answer}`);
  const original = fs.readFileSync(shimPath());
  const seen = await keep(smallContainer({ command: shell(`${ready}; read _`, scratch) }), async ({ supervisor }) =>
    exeOf(supervisor.pid),
  );
  const answer = overwrite(seen.held);
  tell(`${seen.link}: write = ${answer}`);
  const state = (file: string) => (fs.readFileSync(file).equals(original) ? 'as it was' : 'changed');
  return {
    columns: [
      { en: 'runs from a file', zh: '从文件运行' },
      { en: 'as the engine starts it', zh: '引擎启动的' },
    ],
    facts: [
      {
        what: { en: '/proc/PID/exe', zh: '/proc/PID/exe' },
        host: fromFile.link.replace(scratch, '$LESSON'),
        container: seen.link,
        claim: 'differs',
      },
      {
        what: { en: 'write, after its end', zh: '结束之后写入' },
        host: fromFile.answer,
        container: answer,
        claim: hostFacts().features.memfd ? 'differs' : 'same',
      },
      {
        what: { en: 'the program on the disk', zh: '磁盘上的程序' },
        host: state(copy),
        container: state(shimPath()),
        claim: 'differs',
      },
    ],
  };
}

/** The shim reads its program from descriptor 3; without one it waits, and ends when that is closed. */
async function runFile(file: string): Promise<{ link: string; answer: string }> {
  const child: ChildProcess = spawn(file, [], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  const { link, held } = exeOf(child.pid!);
  for (const stream of child.stdio.slice(3)) (stream as NodeJS.WritableStream & { destroy(): void }).destroy();
  await ended;
  return { link, answer: overwrite(held) };
}
