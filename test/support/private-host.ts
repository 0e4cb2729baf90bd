import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { busyboxImage } from '../../scripts/images/busybox.ts';
import { containersOf } from './busybox.ts';
import { onExit } from './cleanup.ts';
import { minidockPath, type Sandbox, sandbox } from './minidock.ts';
import { type Machine, startMachine } from './netns.ts';
import { prepare } from './prepared.ts';
import { findProgram } from './requires.ts';

/**
 * An engine whose host is a network namespace of its own: its bridge, rules, routes and settings of the kernel's network are
 * there and not on this machine. What a test breaks there, it breaks nowhere else.
 */
export interface PrivateHost extends Machine {
  box: Sandbox;
  /** Runs bin/minidock there; throws unless it exits with 0. Returns stdout without the last newline. */
  minidock(...args: string[]): string;
  /** The same by way of another command: `strace -o FILE`. */
  minidockUnder(command: readonly string[], ...args: string[]): string;
  /** `rm -f` of all that a failed test left, so that the next one begins anew. */
  removeAll(): void;
}

/** Has the image `bb` of busybox. `backend` is its iptables, `nft` or `legacy`; the machine's own by default. */
export async function privateHost({ backend }: { backend?: string } = {}): Promise<PrivateHost> {
  const machine = await startMachine();
  const box = sandbox();
  const inside = ['-t', String(machine.pid), '-n', ...(backend === undefined ? [] : withBackend(backend))];
  const minidockUnder = (command: readonly string[], ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('nsenter', [...inside, ...command, minidockPath, ...args], {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, NODE_EXTRA_CA_CERTS: '', ...box.env },
    });
    if (status !== 0) throw new Error(`minidock ${args.join(' ')}: ${status} ${stderr}`);
    return stdout.trimEnd();
  };
  const minidock = (...args: string[]) => minidockUnder([], ...args);
  machine.sh('ip link set lo up');
  await prepare('bb', box.root, async () => {
    minidock('import', '-c', 'CMD ["sh"]', (await busyboxImage()).rootfs, 'bb');
  });
  const removeAll = () => {
    const ids = containersOf(box);
    if (ids.length > 0) minidock('rm', '-f', ...ids);
  };
  const end = onExit(() => {
    removeAll();
    box.close();
    machine.end();
  });
  return { ...machine, box, minidock, minidockUnder, removeAll, end };
}

/** A command in whose mount namespace iptables is this backend: each is one file for all of its names. */
function withBackend(backend: string): string[] {
  const [wanted, own] = [`iptables-${backend}-save`, 'iptables-save'].map(name => realpathSync(findProgram(name)!));
  return ['unshare', '-m', 'sh', '-c', `mount --bind ${wanted} ${own} && exec "$@"`, 'sh'];
}
