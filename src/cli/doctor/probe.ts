import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { hostFacts } from '../../host/facts.ts';
import { systemPath, systemProgram } from '../../host/programs.ts';
import { fixOfShim, shimPath } from '../../syscalls/shim.ts';
import { fromMask } from '../../syscalls/uapi/capabilities.ts';
import type { Settings } from '../context.ts';
import type { DoctorFacts } from './checks.ts';

const switches = [
  'fs/may_detach_mounts',
  'user/max_user_namespaces',
  'net/ipv4/ip_forward',
  'net/bridge/bridge-nf-call-iptables',
];

/** Looks at this machine; changes nothing, except that asking for a module may load it. */
export function probe({ root, ignored }: Pick<Settings, 'root' | 'ignored'>): DoctorFacts {
  const { kernel, cgroup } = hostFacts();
  const storage = existing(root);
  const { type, bavail, bsize } = statfsSync(storage);
  return {
    isRoot: process.geteuid?.() === 0,
    capabilities: effective(),
    nodeVersion: process.version,
    kernel,
    arch: process.arch,
    isShimBuilt: isShimBuilt(),
    shimFix: fixOfShim(),
    namespaces: readdirSync('/proc/self/ns').filter(name => !name.endsWith('_for_children')),
    hasOverlay: hasOverlay(),
    hasSeccomp: /^Seccomp:/m.test(read('/proc/self/status') ?? ''),
    cgroup,
    storage: { type, free: bavail * bsize, xfs: output('xfs_info', storage) },
    iptables: probeIptables(),
    ignored,
    sysctls: Object.fromEntries(switches.map(name => [name, read(`/proc/sys/${name}`)?.trim()])),
  };
}

/** The rights that the kernel gives this process. */
function effective(): ReadonlySet<string> {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1] ?? '0';
  return new Set(fromMask(BigInt(`0x${mask}`)));
}

/** The nearest directory above that is there. */
function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path));
}

function isShimBuilt(): boolean {
  try {
    shimPath();
    return true;
  } catch {
    return false;
  }
}

function hasOverlay(): boolean {
  const known = () => /\boverlay$/m.test(read('/proc/filesystems') ?? '');
  // The kernel loads it at the first mount; here the question alone must do.
  return known() || (output('modprobe', 'overlay') !== undefined && known());
}

function probeIptables(): DoctorFacts['iptables'] {
  const version = output('iptables', '--version');
  if (version === undefined) return undefined;
  // Without root it cannot, whatever the machine has.
  if (process.geteuid?.() !== 0) return { version: version.trim() };
  const { status, stdout, stderr } = spawnSync(systemProgram('iptables')!, ['-w', '-S', 'FORWARD'], options);
  // Another program may hold the lock of the rules longer than is waited for here.
  if (status === null) return { version: version.trim() };
  if (status === 0) return { version: version.trim(), forwardPolicy: /^-P FORWARD (\w+)$/m.exec(stdout)?.[1] };
  return { version: version.trim(), failure: stderr.trim().split('\n')[0] || 'it ended without a word' };
}

const options = { encoding: 'utf8', timeout: 5000, env: { PATH: systemPath, LC_ALL: 'C' } } as const;

/** What a command printed; undefined where it is missing or failed. */
function output(command: string, ...args: string[]): string | undefined {
  const program = systemProgram(command);
  if (program === undefined) return undefined;
  try {
    return execFileSync(program, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
