import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { CLONE } from '../../src/syscalls/uapi/flags.ts';
import { bundled } from './bundled.ts';
import { endProcesses, onExit } from './cleanup.ts';
import { ask, type Protocol, type Request, serve } from './netns-machine.ts';

/**
 * Machines of a network, each a network namespace with one process in it that serves and asks when told. The namespace
 * ends with the process: there is nothing to clean up but that.
 */
export interface Machine {
  pid: number;
  /** Answers `name` and the address of whoever asks, on tcp or udp, until the machine ends. */
  serve(protocol: Protocol, port: number, name: string, host?: string): Promise<void>;
  /** What a server says; `refused`, `silent` after half a second, or another errno. */
  ask(protocol: Protocol, host: string, port: number): Promise<string>;
  /** A command of this machine, in its namespace. Throws where it fails. */
  sh(command: string): string;
  end(): void;
}

export async function startMachine(): Promise<Machine> {
  const script = bundled(new URL('./netns-machine.ts', import.meta.url));
  const child = spawn('unshare', ['--net', process.execPath, script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: '' },
  });
  const pid = child.pid!;
  const end = onExit(() => endProcesses([pid]));
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', status => reject(new Error(`the machine ended with ${status}`)));
  });
  const call = caller(child);
  return {
    pid,
    serve: async (...args) => void (await call('serve', args)),
    ask: async (...args) => String(await call('ask', args)),
    sh: command => runIn(['nsenter', '-t', String(pid), '-n', 'sh', '-ec', command]),
    end,
  };
}

function caller(child: ChildProcess) {
  let last = 0;
  const waiting = new Map<number, (answer: unknown) => void>();
  child.on('message', (message: { id: number; answer: unknown }) => {
    waiting.get(message.id)?.(message.answer);
    waiting.delete(message.id);
  });
  return (method: Request['method'], args: readonly unknown[]): Promise<unknown> =>
    new Promise(resolve => {
      const id = ++last;
      waiting.set(id, resolve);
      child.send({ id, method, args });
    });
}

/**
 * Moves this process's main thread into a new network namespace: what it spawns and what it does synchronously happens
 * there from now on, and so do its sockets. For a test file that plays the host.
 */
export async function becomeMachine(): Promise<Omit<Machine, 'pid' | 'end'>> {
  const { unshare } = await import('../../src/syscalls/ffi.ts');
  const answer = unshare(CLONE.CLONE_NEWNET);
  if (answer.value !== 0) throw new Error(`unshare(CLONE_NEWNET) = ${answer.errno}`);
  const sh = (command: string) => runIn(['sh', '-ec', command]);
  sh('ip link set lo up');
  return { serve, ask, sh };
}

function runIn([command, ...args]: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8', timeout: 10_000 });
  if (status !== 0) throw new Error(`${args.at(-1)}: ${stderr.trim()}`);
  return stdout.trim();
}
