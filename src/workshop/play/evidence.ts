import { mountsOf, printMount } from '../../host/mountinfo.ts';
import { namespacesOf } from '../../host/namespaces.ts';
import { statusField } from '../../host/process.ts';
import type { Text } from '../text/language.ts';

/** What the kernel said at one moment of one process. */
export interface Moment {
  readonly pid: number;
  readonly hostname: string;
  readonly namespaces: Record<string, string>;
  /** The pids of the process, from our namespace inwards. */
  readonly nsPid: string;
  readonly parent: string;
  readonly name: string;
  readonly mounts: readonly string[];
  /** What it printed; empty for the host. */
  readonly output: readonly string[];
  readonly scratch: string;
}

/** Reads a moment. `pid` is `self` for the host. */
export function momentOf(
  pid: number | 'self',
  extra: { hostname: string; output: readonly string[]; scratch: string },
): Moment {
  return {
    ...extra,
    pid: pid === 'self' ? process.pid : pid,
    namespaces: namespacesOf(pid),
    nsPid: statusField(pid, 'NSpid'),
    parent: statusField(pid, 'PPid'),
    name: statusField(pid, 'Name'),
    mounts: mountsOf(pid).map(printMount),
  };
}

/** One row: the same question asked on both sides, and what the lesson claims of the two answers. */
export interface Fact {
  readonly what: Text;
  readonly host: string;
  readonly container: string;
  readonly claim: 'same' | 'differs';
}

export interface Listing {
  readonly title: Text;
  readonly lines: readonly string[];
}

/** What a run shows. A fact whose claim does not hold fails the lesson. */
export interface Evidence {
  /** Heads of the two columns; by default host and container. */
  readonly columns?: readonly [Text, Text];
  readonly facts: readonly Fact[];
  readonly listings?: readonly Listing[];
}

/** Whether the kernel says what the lesson claims. */
export function holds(fact: Fact): boolean {
  return (fact.host === fact.container) === (fact.claim === 'same');
}

/** Every namespace of both sides; those in `differing` must differ and all others must not. */
export function namespaceFacts(host: Moment, container: Moment, differing: readonly string[]): Fact[] {
  return Object.keys(host.namespaces).map(kind => ({
    what: { en: `ns/${kind}`, zh: `ns/${kind}` },
    host: inode(host.namespaces[kind] ?? ''),
    container: inode(container.namespaces[kind] ?? ''),
    claim: differing.includes(kind) ? 'differs' : 'same',
  }));
}

/** Mounts that only one side has, as a listing with + and −. Propagation is not compared: it changes for all at once. */
export function mountDifference(host: Moment, container: Moment): Listing {
  const place = (mount: string) => mount.replace(/ \([^)]*\)$/, '');
  const lacks = (mounts: readonly string[], mount: string) => !mounts.some(other => place(other) === place(mount));
  const added = container.mounts.filter(mount => lacks(host.mounts, mount)).map(mount => `+ ${mount}`);
  const removed = host.mounts.filter(mount => lacks(container.mounts, mount)).map(mount => `- ${mount}`);
  return {
    title: { en: '/proc/PID/mountinfo, container against host', zh: '/proc/PID/mountinfo：容器与宿主机的差别' },
    lines: [...removed, ...added],
  };
}

/** What a process printed as `name: value`. Empty where it did not. */
export function said(moment: Moment, name: string): string {
  const line = moment.output.find(candidate => candidate.startsWith(`${name}: `));
  return line?.slice(name.length + 2) ?? '';
}

function inode(link: string): string {
  return link.replace(/^.*\[(.*)\]$/, '$1');
}
