import type { Mount } from '../../host/mountinfo.ts';
import { fromMask } from '../../syscalls/uapi/capabilities.ts';
import type { Text } from '../text/language.ts';
import type { ProcessState, State } from './state.ts';

/** What one call changed that can be seen in /proc. */
export interface Change {
  readonly who: 'parent' | 'child';
  readonly fact: Fact;
  readonly text: Text;
  /** The mount, for a change of one. */
  readonly mount?: string;
}

export type Fact =
  | 'process'
  | 'namespaces'
  | 'hostname'
  | 'root'
  | 'directory'
  | 'mounts'
  | 'propagation'
  | 'rights'
  | 'network'
  | 'cgroups';

/** Compares two moments. A child that is new is compared with its parent, of which it is a copy. */
export function changesBetween(before: State, after: State): Change[] {
  const ofParent = ofProcess('parent', before.parent, after.parent);
  if (after.child === undefined) return ofParent;
  const birth: Change = { who: 'child', fact: 'process', text: born(after.child, after.parent) };
  const isNew = before.child === undefined;
  const ofChild = ofProcess('child', before.child ?? before.parent, after.child, isNew);
  // What they share changes for both: it is said once, of the host.
  const own = ofChild.filter(({ text }) => !ofParent.some(other => other.text.en === text.en));
  return [...(isNew ? [birth] : []), ...own, ...ofParent];
}

function ofProcess(who: Change['who'], before: ProcessState, after: ProcessState, isNew = false): Change[] {
  const changes: Change[] = [];
  const add = (fact: Fact, text: Text, mount?: string) => changes.push({ who, fact, text, mount });
  const arrow = (fact: Fact, name: Text, from: string, to: string) => {
    if (from !== to) add(fact, { en: `${name.en}: ${from} → ${to}`, zh: `${name.zh}：${from} → ${to}` });
  };
  const kinds = Object.keys(after.namespaces).filter(kind => before.namespaces[kind] !== after.namespaces[kind]);
  if (kinds.length > 0)
    add('namespaces', {
      en: `${isNew ? 'namespaces of its own' : 'another namespace'}: ${kinds.join(', ')}`,
      zh: `${isNew ? '自己的命名空间' : '换了命名空间'}：${kinds.join('、')}`,
    });
  if (!isNew) arrow('process', { en: 'program', zh: '程序' }, programName(before.name), programName(after.name));
  arrow('hostname', { en: 'hostname', zh: '主机名' }, before.hostname, after.hostname);
  if (before.root.id !== after.root.id) {
    const [from, to] = [before.root.type || '?', after.root.type || '?'];
    add('root', { en: `another root: ${from} → ${to}`, zh: `换了根：${from} → ${to}` });
  }
  arrow('directory', { en: 'working directory', zh: '工作目录' }, short(before.directory), short(after.directory));
  for (const change of ofMounts(before.mounts, after.mounts)) changes.push({ who, ...change });
  arrow('rights', { en: 'user', zh: '用户' }, before.user, after.user);
  arrow('rights', { en: 'capabilities', zh: '权能' }, capabilities(before), capabilities(after));
  arrow('rights', { en: 'no_new_privs', zh: 'no_new_privs' }, yes(before.noNewPrivs), yes(after.noNewPrivs));
  arrow('rights', { en: 'seccomp', zh: 'seccomp' }, seccompMode(before), seccompMode(after));
  const [net, nowNet] = [before.network, after.network];
  arrow('network', { en: 'network interfaces', zh: '网络接口' }, list(net?.links), list(nowNet?.links));
  arrow('network', { en: 'addresses', zh: '地址' }, list(net?.addresses), list(nowNet?.addresses));
  arrow('network', { en: 'routes', zh: '路由' }, list(net?.routes, ', '), list(nowNet?.routes, ', '));
  arrow('cgroups', { en: 'cgroup', zh: 'cgroup' }, list(before.cgroups), list(after.cgroups));
  return changes;
}

function ofMounts(before: readonly Mount[], after: readonly Mount[]): Omit<Change, 'who'>[] {
  const [old, now] = [keyed(before), keyed(after)];
  const added = [...now].filter(([key]) => !old.has(key));
  const removed = [...old].filter(([key]) => !now.has(key));
  const changed = [...now].filter(
    ([key, mount]) => (old.get(key)?.propagation ?? mount.propagation) !== mount.propagation,
  );
  const changes: Omit<Change, 'who'>[] = [];
  for (const [key, { type, target, device }] of added) {
    const moved = removed.findIndex(([, old]) => old.device === device && old.type === type);
    const [from] = moved < 0 ? [] : removed.splice(moved, 1);
    const text = from
      ? {
          en: `moved: ${type} from ${short(from[1].target)} to ${short(target)}`,
          zh: `移动：${type} 从 ${short(from[1].target)} 到 ${short(target)}`,
        }
      : { en: `mounted: ${type} on ${short(target)}`, zh: `挂载：${type} 在 ${short(target)}` };
    changes.push({ fact: 'mounts', mount: key, text });
  }
  if (removed.length > 0) {
    const [, { type, target }] = removed[0]!;
    const text =
      removed.length === 1
        ? { en: `unmounted: ${type} from ${short(target)}`, zh: `卸载：${short(target)} 上的 ${type}` }
        : { en: `unmounted: ${removed.length} mounts`, zh: `卸载：${removed.length} 个挂载` };
    changes.push({ fact: 'mounts', text });
  }
  if (changed.length === 0) return changes;
  const [key, mount] = changed[0]!;
  const kind = propagationOf([mount]);
  const what =
    changed.length === 1
      ? { en: short(mount.target), zh: short(mount.target) }
      : { en: `${changed.length} mounts`, zh: `${changed.length} 个挂载` };
  changes.push({
    fact: 'propagation',
    mount: changed.length === 1 ? key : undefined,
    text: {
      en: `propagation of ${what.en}: ${propagationOf([old.get(key)!])} → ${kind}`,
      zh: `${what.zh}的传播类型：${propagationOf([old.get(key)!])} → ${kind}`,
    },
  });
  return changes;
}

/** Mounts by what identifies them to a reader; one that hides another on the same place comes after it. */
export function keyed(mounts: readonly Mount[]): Map<string, Mount> {
  const out = new Map<string, Mount>();
  for (const mount of mounts) {
    const base = `${mount.device} ${mount.target} ${mount.type}`;
    let key = base;
    for (let n = 2; out.has(key); n++) key = `${base} ${n}`;
    out.set(key, mount);
  }
  return out;
}

/** What the mounts of a list have in common: `private`, `shared`, `slave`, or `mixed`. */
export function propagationOf(mounts: readonly Mount[]): string {
  const kinds = new Set(
    mounts.map(({ propagation }) =>
      propagation.includes('shared') ? 'shared' : propagation.includes('master') ? 'slave' : 'private',
    ),
  );
  return kinds.size === 1 ? [...kinds][0]! : 'mixed';
}

/** A lesson's private directory is called as its process knows it: $LESSON. */
export function short(path: string): string {
  return path.replace(/^.*\/minidock-lesson-[^/]*/, '$LESSON').replace(/^\(unreachable\)/, '');
}

/** Before its execve a process of ours runs the interpreter, out of memory. */
export function programName(name: string): string {
  return /^(memfd:)?minidock-/.test(name) ? 'shim' : name;
}

export function capabilities({ capabilities }: ProcessState): string {
  return String(fromMask(capabilities).length);
}

export function seccompMode({ seccomp }: ProcessState): string {
  return ['none', 'strict', 'filter'][seccomp] ?? String(seccomp);
}

export const yes = (flag: boolean) => (flag ? '1' : '0');
export const list = (names: readonly string[] = [], between = ' ') => names.join(between) || '–';

function born(child: ProcessState, parent: ProcessState): Text {
  const inside = child.pids.at(-1)!;
  const twice = child.pids.length > parent.pids.length;
  return {
    en: `a new process: ${child.pid}${twice ? `, ${inside} inside` : ''}, a copy of ${parent.pid}`,
    zh: `新进程：${child.pid}${twice ? `，里面是 ${inside} 号` : ''}，${parent.pid} 的副本`,
  };
}
