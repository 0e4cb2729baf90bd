import fs from 'node:fs';
import { namespacesOf } from '../../host/namespaces.ts';
import { readProc } from '../../host/proc.ts';
import type { Namespace, Sharer } from '../model.ts';
import { commandOf } from './processes.ts';

/** Who is in which namespaces: for each kind, the pids of every process of the host by namespace, `net:[4026531840]`. */
export type Inhabitants = ReadonlyMap<string, readonly number[]>;

/**
 * Looks through all processes for those that are in one of `wanted`; eight small reads each at most. Of processes that we may not
 * look at, or that end meanwhile, nothing is said.
 *
 * @param except pids that do not count: our own helpers, which enter namespaces to ask there
 */
export function inhabitants(wanted: readonly string[], except: ReadonlySet<number | undefined>): Inhabitants {
  const found = new Map<string, number[]>(wanted.map(namespace => [namespace, []]));
  const kinds = wanted.map(namespace => namespace.split(':')[0]!);
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || except.has(Number(name))) continue;
    for (const kind of kinds) {
      try {
        found.get(fs.readlinkSync(`/proc/${name}/ns/${kind}`))?.push(Number(name));
      } catch {
        break;
      }
    }
  }
  return found;
}

/** The namespaces of a process, with our own for comparison. */
export function namespacesSeen(
  pid: number,
  members: ReadonlySet<number>,
  inhabitants: Inhabitants,
  nameOf: (container: string) => string | undefined,
): Namespace[] {
  const own = namespacesOf('self');
  return Object.entries(namespacesOf(pid)).map(([type, namespace]) => {
    const host = own[type] === namespace;
    const others = host ? [] : (inhabitants.get(namespace) ?? []).filter(other => !members.has(other));
    return { type, inode: inodeOf(namespace), host, sharedWith: sharers(others, nameOf) };
  });
}

/** `net:[4026531840]` → 4026531840. */
export const inodeOf = (namespace: string) => Number(namespace.replace(/\D/g, ''));

/** The namespaces of a process that are not ours. */
export function ownNamespaces(pid: number): string[] {
  const ours = namespacesOf('self');
  return Object.entries(namespacesOf(pid)).flatMap(([type, namespace]) => (ours[type] === namespace ? [] : namespace));
}

function sharers(pids: readonly number[], nameOf: (container: string) => string | undefined): Sharer[] {
  const groups = new Map<string, number[]>();
  for (const pid of pids) {
    const key = containerIn(readProc(`/proc/${pid}/cgroup`) ?? '') ?? `process ${pid}`;
    groups.set(key, [...(groups.get(key) ?? []), pid]);
  }
  return [...groups].map(([key, members]) => {
    const container = /^[0-9a-f]{64}$/.test(key) ? key : undefined;
    const name = container === undefined ? undefined : nameOf(container);
    return {
      ...(container !== undefined && { container }),
      ...(name !== undefined && { name }),
      pids: members,
      command: commandOf(members[0]!),
    };
  });
}

/** The id of a container in the text of a /proc/PID/cgroup: engines name groups by it, `/minidock/<id>`, `docker-<id>.scope`. */
export function containerIn(cgroup: string): string | undefined {
  return /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/.exec(cgroup)?.[0];
}
