import { spawnSync } from 'node:child_process';
import { busyboxImage } from '../../scripts/images/busybox.ts';
import { onExit } from './cleanup.ts';
import { minidockPath, type Sandbox, sandbox } from './minidock.ts';
import { type Machine, startMachine } from './netns.ts';

/**
 * An engine whose host is a network namespace of its own: its bridge, rules, routes and settings of the kernel's network are
 * there and not on this machine. What a test breaks there, it breaks nowhere else.
 */
export interface PrivateHost extends Machine {
  box: Sandbox;
  /** Runs bin/minidock there; throws unless it exits with 0. Returns stdout without the last newline. */
  minidock(...args: string[]): string;
  /** `rm -f` of all that a failed test left, so that the next one begins anew. */
  removeAll(): void;
}

/** Has the image `bb` of busybox. */
export async function privateHost(): Promise<PrivateHost> {
  const machine = await startMachine();
  const box = sandbox();
  const minidock = (...args: string[]) => {
    const command = ['-t', String(machine.pid), '-n', minidockPath, ...args];
    const { status, stdout, stderr } = spawnSync('nsenter', command, {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, NODE_EXTRA_CA_CERTS: '', ...box.env },
    });
    if (status !== 0) throw new Error(`minidock ${args.join(' ')}: ${status} ${stderr}`);
    return stdout.trimEnd();
  };
  machine.sh('ip link set lo up');
  minidock('import', '-c', 'CMD ["sh"]', (await busyboxImage()).rootfs, 'bb');
  const removeAll = () => {
    const ids = minidock('ps', '-aq');
    if (ids !== '') minidock('rm', '-f', ...ids.split('\n'));
  };
  const end = onExit(() => {
    removeAll();
    box.close();
    machine.end();
  });
  return { ...machine, box, minidock, removeAll, end };
}
