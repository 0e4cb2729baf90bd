import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { programOnPath } from '../../src/host/programs.ts';
import { launch, shimPath } from '../../src/syscalls/shim.ts';
import { startProcess } from '../../src/syscalls/start-process.ts';
import type { Program } from '../../src/syscalls/step.ts';
import type { Comparison, Stage } from '../../src/workshop/lesson.ts';
import type { Fact } from '../../src/workshop/play/evidence.ts';
import { type Called, markerPrefix } from './libc.ts';

/** What strace says of the lesson's own program, and of libc called from TypeScript. */
export async function underStrace(program: Program, stage: Stage): Promise<Comparison> {
  const title = { en: 'strace stands at the door', zh: '让 strace 守在门口' };
  const strace = programOnPath('strace');
  if (strace === undefined) {
    const line = { en: 'skipped: strace is not installed', zh: '跳过：没有安装 strace' };
    return { title, evidence: { facts: [], listings: [{ title: line, lines: ['apt install strace'] }] } };
  }
  const ours = await traceProgram(strace, program, path.join(stage.scratch, 'program.txt'));
  const libc = await traceLibc(strace, path.join(stage.scratch, 'libc.txt'));
  return {
    title,
    evidence: {
      columns: [
        { en: 'TypeScript has', zh: 'TypeScript 这边' },
        { en: 'strace saw', zh: 'strace 看到' },
      ],
      facts: [
        {
          what: { en: 'the list, performed by the child', zh: '子进程执行的那列步骤' },
          host: callsOf(program).join(' '),
          container: ours.steps.map(nameOf).join(' '),
          claim: 'same',
        },
        ...libc.facts,
        {
          what: { en: 'hostname of the host', zh: '宿主机的主机名' },
          host: os.hostname(),
          container: fs.readFileSync('/proc/sys/kernel/hostname', 'utf8').trim(),
          claim: 'same',
        },
      ],
      listings: [
        { title: { en: 'the list, in strace’s words', zh: '这列步骤，strace 的原话' }, lines: ours.steps },
        {
          title: {
            en: 'what the shim added in the child: its own sockets, 3 and 4, and in no list',
            zh: 'shim 在子进程里另外做的：只涉及它自己的套接字 3 和 4，不在任何清单上',
          },
          lines: ours.own,
        },
        {
          title: { en: 'the syscalls behind the functions of libc', zh: 'libc 函数背后的系统调用' },
          lines: libc.lines,
        },
      ],
    },
  };
}

/** Names of the calls that the child is to make, in order. */
function callsOf(program: Program): string[] {
  return [...program.child, ...program.exec].flatMap(step => (step.op === 'syscall' ? [step.name] : []));
}

const nameOf = (line: string) => /^\w+/.exec(line)?.[0] ?? line;

/**
 * Performs the program by a shim under strace. What the child did from clone to execve is told apart by descriptors: 3 and 4
 * are the shim's sockets to the launcher (native/protocol.h), which no step names.
 */
async function traceProgram(
  strace: string,
  program: Program,
  trace: string,
): Promise<{ steps: string[]; own: string[] }> {
  const started = startProcess(
    strace,
    ['-f', '-qq', '-a', '1', '-s', '64', '-e', 'signal=none', '-o', trace, shimPath()],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: {},
      cwd: '/',
    },
  );
  const shim = launch(program, { started });
  try {
    await shim.ready;
    shim.go();
    await shim.exited;
    await shim.ended;
  } catch (error) {
    await shim.abort();
    throw error;
  }
  const lines = fs.readFileSync(trace, 'utf8').split('\n');
  const inChild = lines.flatMap(line => {
    const [, pid, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    return Number(pid) === shim.pid && rest !== undefined ? wholeCall(rest) : [];
  });
  const upToExec = inChild.slice(0, inChild.findIndex(line => line.startsWith('execve(')) + 1);
  const isOwn = (line: string) => /^(close|fcntl|read|write)\([34]\b/.test(line);
  return { steps: upToExec.filter(line => !isOwn(line)), own: upToExec.filter(isOwn) };
}

/** A call that strace had to interrupt in print is two lines; the second says no arguments, the first no answer. */
function wholeCall(line: string): string[] {
  return line.startsWith('<... ') || line.startsWith('+++') ? [] : [line.replace(/ +<unfinished \.\.\.>$/, ' …')];
}

/** libc.ts under strace: for each function what TypeScript got, and what really went through the door. */
async function traceLibc(strace: string, trace: string): Promise<{ facts: Fact[]; lines: string[] }> {
  const script = fileURLToPath(new URL('libc.ts', import.meta.url));
  const traced = '?access,?faccessat,?faccessat2,getpid,uname,unshare,sethostname,setresuid';
  const node = [process.execPath, '--import', import.meta.resolve('tsx'), script];
  const { stdout } = await promisify(execFile)(strace, [
    '-qq',
    '-a',
    '1',
    '-e',
    `trace=${traced}`,
    '-o',
    trace,
    ...node,
  ]);
  const seen = callsByMarker(fs.readFileSync(trace, 'utf8'));
  const facts = (JSON.parse(stdout) as Called[]).map((one): Fact => {
    const what = `${one.call}${one.found ? ` "${one.found}"` : ''}`;
    return {
      what: { en: what, zh: what },
      host: one.answer.errno ?? String(one.answer.value),
      container: answerOf(seen.get(one.name) ?? ''),
      claim: 'same',
    };
  });
  return { facts, lines: [...seen.values()] };
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
