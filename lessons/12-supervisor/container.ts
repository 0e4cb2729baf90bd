import { eventually } from '../../src/cgroup/files.ts';
import { capabilitySets } from '../../src/container/process/capabilities.ts';
import type { Tether } from '../../src/container/process/namespaces.ts';
import type { Stdio } from '../../src/container/process/stdio.ts';
import { kernelMounts } from '../../src/container/spec.ts';
import type { SupervisorSteps } from '../../src/container/supervisor.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { errnoOf } from '../../src/errors.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { findIdentity, isAlive, type ProcessIdentity } from '../../src/host/process.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import { launch, type Shim } from '../../src/syscalls/shim.ts';
import { type Program, program, slot } from '../../src/syscalls/step.ts';
import { without } from '../../src/workshop/break.ts';
import { type Command, lessonProgram } from '../../src/workshop/lesson.ts';
import { READY } from '../../src/workshop/play/stage.ts';

const devpts = kernelMounts.find(one => one.type === 'devpts')!;
const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] };

/** The user of most containers that care: nobody. */
export const nobody = 65534;
/** How long something that the kernel does at once may take on a busy machine, in milliseconds. */
const PATIENCE = 10_000;

export interface Parts {
  readonly command: Command;
  readonly uid?: number;
  /** What becomes of the steps that tie the process to its supervisor. */
  readonly tie?: (tether: Tether) => Tether;
  readonly files?: SupervisorSteps;
  readonly stdio?: Stdio;
}

/**
 * A small container: PID 1 of its own PID namespace on the host's root, with its own /proc, tied to its supervisor. The session
 * of the learner's terminal is kept, for `--shell`.
 */
export function smallContainer({ command, uid = nobody, tie = all => all, files, stdio }: Parts): Program {
  const facts = hostFacts();
  const child = slot('child');
  const tether = tie(pieces.dieWithSupervisor());
  const user = { uid, gid: uid, additionalGids: [uid] };
  const onTerminal = stdio?.supervise.console !== undefined;
  return program({
    host: [
      ...without(pieces.leaveCaller(facts), 'setsid('),
      ...(files?.host ?? []),
      ...(stdio?.host ?? []),
      ...tether.host,
      pieces.cloneProcess(['mount', 'pid'], child),
      ...tether.parent,
      ...(stdio?.parent ?? []),
    ],
    child: [
      ...tether.first,
      ...(onTerminal ? pieces.newSession() : []),
      ...pieces.mountNamespace(),
      // The engine first removes what an image may have in the place of /proc. Here no image is.
      ...without(pieces.kernelMount(proc, facts), 'unlinkat('),
      ...(onTerminal ? pieces.kernelMount(devpts, facts) : []),
      ...(stdio?.child ?? []),
      // Without the drops from the bounding set, two dozen calls: lesson 10 has them.
      ...pieces.capabilities(capabilitySets([], uid), user, { capabilities: new Set() }),
      ...tether.last,
      ...pieces.readyToRun(),
    ],
    exec: lessonProgram({ namespaces: [], child: [], command }).exec,
    exit: files?.exit ?? [],
    supervise: {
      child,
      status: files?.status ?? slot('status'),
      ...(files && { listen: files.listen }),
      ...files?.log,
      ...stdio?.supervise,
    },
  });
}

/** A shell that runs `script` as it stands. It must end when its input or output is closed, or when `$LESSON` is gone. */
export function shell(script: string, scratch: string): Command {
  return {
    path: '/bin/sh',
    argv: ['sh', '-c', script],
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C', `LESSON=${scratch}`],
  };
}

/** Says that everything before is done. */
export const ready = `echo '${READY}'`;

/** A container that runs, and its two processes. */
export interface Kept {
  readonly shim: Shim;
  readonly supervisor: ProcessIdentity;
  readonly first: ProcessIdentity;
  /** Lines that it printed before `ready`. */
  readonly output: readonly string[];
  /** All that its supervisor has forwarded so far, by stream. */
  readonly heard: { stdout: string; stderr: string };
}

/**
 * Starts a container, waits until its first process has said `ready`, and ends it when `look` is done.
 *
 * @param before called before its program begins
 */
export async function keep<T>(
  program: Program,
  look: (kept: Kept) => Promise<T>,
  before: (shim: Shim) => void = () => {},
): Promise<T> {
  const shim = launch(program, {
    label: 'lesson',
    stdio: ['pipe', 'pipe', 'pipe'],
    memfd: hostFacts().features.memfd,
  });
  const identities: ProcessIdentity[] = [];
  try {
    await shim.ready;
    await shim.supervised;
    const [supervisor, first] = [shim.process.pid!, shim.pid].map(pid => findIdentity(pid));
    if (supervisor === undefined || first === undefined) throw new Error('the container ended before it began');
    identities.push(first, supervisor);
    const { stdin, stdout, console } = program.supervise ?? {};
    const captured = (stdout ?? console) !== undefined;
    if (captured) shim.client.attach({ stdin: (stdin ?? console) !== undefined, stdout: true, stderr: true });
    const heard = { stdout: '', stderr: '' };
    const output = printed(shim, captured ? heard : undefined);
    output.catch(() => {});
    shim.process.stderr?.resume();
    before(shim);
    shim.go();
    await shim.executed;
    return await look({ shim, supervisor, first, output: await output, heard });
  } finally {
    shim.process.stdin?.destroy();
    for (const one of identities) signal(one, 'SIGKILL');
    if (identities.length === 0) await shim.abort();
    await shim.ended;
  }
}

/** For a process that may end by itself between the look and the signal. */
export function signal(one: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    if (isAlive(one)) process.kill(one.pid, name);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

/**
 * Lines up to `ready`: of the pipe that the first process inherited, or of what its supervisor forwards, which is then kept in
 * `heard`.
 */
function printed(shim: Shim, heard: Kept['heard'] | undefined): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const [before, after] = text.split(READY);
      if (after !== undefined) resolve(before!.split(/\r?\n/).filter(line => line !== ''));
    };
    if (heard === undefined) shim.process.stdout!.on('data', take);
    else
      shim.onOutput((stream, chunk) => {
        heard[stream] += chunk.toString('utf8');
        take(chunk);
      });
    void shim.ended.then(() => reject(new Error(`the container ended early: ${text}`)));
  });
}

/** Waits for what the kernel is to do. */
export async function until(condition: () => boolean): Promise<boolean> {
  return eventually(PATIENCE, condition);
}
