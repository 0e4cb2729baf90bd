import { box, column, type Figure, type Item, type Line, row, type Tone, type Words } from '../figure/figure.ts';
import type { Text } from '../text/language.ts';
import {
  type Change,
  capabilities,
  type Fact,
  keyed,
  list,
  programName,
  propagationOf,
  seccompMode,
  short,
  yes,
} from './changes.ts';
import type { ProcessState, State } from './state.ts';

const title: Text = { en: 'the state', zh: '状态' };

/**
 * The state as boxes: the processes, what the child has for its own, and what it shares with the host. Lines that the last
 * call changed are marked, and so is their box.
 *
 * @param rows how many mounts are listed at most
 */
export function pictureOf(state: State, changes: readonly Change[], rows: number): Figure {
  const changed = (who: Change['who'], fact: Fact) =>
    changes.some(change => change.who === who && change.fact === fact);
  const { parent, child } = state;
  const items: Item[] = [row(processes(state, changed), ...(child ? [inner(child, parent, changed)] : []))];
  if (child) {
    const own = Object.keys(child.namespaces).filter(kind => child.namespaces[kind] !== parent.namespaces[kind]);
    items.push(row(...namespaces(child, own, changed)));
    if (own.includes('mnt')) items.push(mountTree(child, parent, changes, rows));
  }
  return { title, summary: title, body: items.length === 1 ? items[0]! : column(...items) };
}

type Changed = (who: Change['who'], fact: Fact) => boolean;

const words = {
  processes: { en: 'processes', zh: '进程' },
  lesson: { en: 'this lesson', zh: '本课' },
  parent: { en: 'shim, the parent', zh: 'shim，父进程' },
  hostname: { en: 'hostname', zh: '主机名' },
  links: { en: 'links', zh: '网络接口' },
  address: { en: 'address', zh: '地址' },
  routes: { en: 'routes', zh: '路由' },
  mounts: { en: 'mounts', zh: '挂载' },
  root: { en: 'root', zh: '根' },
  directory: { en: 'directory', zh: '工作目录' },
  user: { en: 'user', zh: '用户' },
  capabilities: { en: 'capabilities', zh: '权能' },
  hostRoot: { en: 'the host’s /', zh: '宿主机的 /' },
  onTop: { en: 'the host’s, on top', zh: '宿主机的，压在上面' },
  covered: { en: 'the host’s, covered', zh: '宿主机的，被盖住' },
  shared: { en: 'shared with the host', zh: '与宿主机共享' },
  own: { en: 'own', zh: '自己的' },
} satisfies Record<string, Text>;

function processes({ parent, child }: State, changed: Changed): Item {
  const lines: Line[] = [
    { cells: [`\`${process.pid}\``, words.lesson] },
    { cells: [`└ \`${parent.pid}\``, words.parent] },
  ];
  if (child) {
    const isNew = changed('child', 'process');
    const inside = child.pids.length > parent.pids.length ? ` = **${child.pids.at(-1)}**` : '';
    lines.push({
      cells: [`  └ \`${child.pid}\`${inside}`, programName(child.name)],
      mark: isNew ? 'changed' : undefined,
    });
  }
  if (changed('parent', 'hostname') || (child && child.hostname !== parent.hostname))
    lines.push(fact(words.hostname, parent.hostname, changed('parent', 'hostname')));
  if (changed('parent', 'network')) lines.push(...networkLines(parent, true));
  if (changed('parent', 'mounts') || changed('parent', 'propagation'))
    lines.push(fact(words.mounts, mountsLine(parent), true));
  return framed('host', words.processes, lines);
}

/** What belongs to the process itself and to no namespace. */
function inner(child: ProcessState, parent: ProcessState, changed: Changed): Item {
  const ownRoot = child.root.id !== parent.root.id;
  const lines: Line[] = [
    fact(words.root, ownRoot ? child.root.type || '?' : words.hostRoot, changed('child', 'root')),
    fact(words.directory, short(child.directory) || '?', changed('child', 'directory')),
  ];
  const right = (name: Words, value: string, usual: string) => {
    if (value !== usual) lines.push(fact(name, value, changed('child', 'rights')));
  };
  right(words.user, child.user, parent.user);
  right(words.capabilities, capabilities(child), capabilities(parent));
  right('no_new_privs', yes(child.noNewPrivs), yes(parent.noNewPrivs));
  right('seccomp', seccompMode(child), seccompMode(parent));
  if (list(child.cgroups) !== list(parent.cgroups))
    lines.push(
      fact('cgroup', list(child.cgroups.filter(path => !parent.cgroups.includes(path))), changed('child', 'cgroups')),
    );
  return framed('process', `${child.pid}`, lines);
}

/** A box for each namespace of its own that has something to show, one for the rest, one for those that it shares. */
function namespaces(child: ProcessState, own: readonly string[], changed: Changed): Item[] {
  const isNew = changed('child', 'namespaces');
  const contents: Record<string, readonly Line[]> = {
    uts: [fact(words.hostname, child.hostname, isNew || changed('child', 'hostname'))],
    pid: [{ text: child.pids.slice(-2).join(' = '), mark: mark(isNew) }],
    net: networkLines(child, isNew || changed('child', 'network')),
  };
  const shown = own.flatMap(kind => (contents[kind] ? framed('container', ownTitle(kind), contents[kind]) : []));
  const others = own.filter(kind => contents[kind] === undefined && kind !== 'mnt');
  if (others.length > 0)
    shown.push(
      framed(
        'container',
        ownTitle(others.join(' ')),
        others.map(kind => fact(kind, child.namespaces[kind]!.replace(/\D/g, ''), isNew)),
      ),
    );
  const shared = Object.keys(child.namespaces).filter(kind => !own.includes(kind));
  return [...shown, box('plain', words.shared, { border: 'dashed', lines: [{ text: shared.join(' '), mark: 'dim' }] })];
}

function ownTitle(kind: string): Text {
  return { en: `${words.own.en} ${kind}`, zh: `${words.own.zh} ${kind}` };
}

/** The mounts that the host does not have and those that share a place with them; how many others there are. */
function mountTree(child: ProcessState, parent: ProcessState, changes: readonly Change[], rows: number): Item {
  const mine = changes.filter(({ who }) => who === 'child');
  const [theirs, all] = [keyed(parent.mounts), keyed(child.mounts)];
  const fresh = [...all].filter(([key]) => !theirs.has(key));
  const lost = [...theirs].filter(([key]) => !all.has(key)).length;
  const places = new Set(fresh.map(([, { target }]) => target));
  const listed = [...all].filter(([, { target }]) => places.has(target));
  const touched = (key: string) => mine.some(({ mount }) => mount === key);
  const kept = all.size - fresh.length;
  const parts = [
    { count: kept, text: { en: 'copied', zh: '复制来的' } },
    { count: fresh.length, text: { en: 'of its own', zh: '自己的' } },
    { count: lost, text: { en: 'of the host’s gone', zh: '宿主机的已消失' } },
  ].filter(({ count }) => count > 0);
  const counted = mine.some(
    ({ fact, mount }) => fact === 'namespaces' || fact === 'propagation' || (fact === 'mounts' && mount === undefined),
  );
  const spread = propagations(child.mounts);
  const lines: Line[] = [
    {
      text: {
        en: `${parts.map(({ count, text }) => `${count} ${text.en}`).join(', ')}; propagation ${spread}`,
        zh: `${parts.map(({ count, text }) => `${text.zh} ${count} 个`).join('，')}；传播类型 ${spread}`,
      },
      mark: mark(counted),
    },
  ];
  const shown = listed.length <= rows ? listed : listed.filter(([key], i) => touched(key) || i >= listed.length - rows);
  for (const [key, mount] of shown.slice(-rows)) {
    const { target, type, parent: under } = mount;
    const isOnTop = listed.some(([, other]) => other.id === under && other.target === target);
    const host = theirs.has(key) ? (isOnTop ? words.onTop : words.covered) : undefined;
    const what = host ? { en: `${type}: ${host.en}`, zh: `${type}：${host.zh}` } : type;
    lines.push({ cells: [`\`${short(target)}\``, what], mark: mark(touched(key)) });
  }
  const hidden = listed.length - Math.min(shown.length, rows);
  if (hidden > 0) lines.push({ text: { en: `… ${hidden} more`, zh: `……另有 ${hidden} 个` }, mark: 'dim' });
  return framed('files', ownTitle('mnt'), lines);
}

/** `20 private, 2 shared`. */
function propagations(mounts: ProcessState['mounts']): string {
  const kinds = ['private', 'shared', 'slave'].map(kind => ({
    kind,
    count: mounts.filter(mount => propagationOf([mount]) === kind).length,
  }));
  const some = kinds.filter(({ count }) => count > 0);
  return some.length === 1 ? some[0]!.kind : some.map(({ kind, count }) => `${count} ${kind}`).join(', ');
}

function mountsLine({ mounts }: ProcessState): string {
  return `${mounts.length}: ${propagations(mounts)}`;
}

/** Interfaces, and addresses and routes where there are any. */
function networkLines({ network }: ProcessState, isChanged: boolean): Line[] {
  const lines = [fact(words.links, list(network?.links), isChanged)];
  if (network?.addresses.length) lines.push(fact(words.address, list(network.addresses), isChanged));
  if (network?.routes.length) lines.push(fact(words.routes, list(network.routes, ', '), isChanged));
  return lines;
}

function fact(name: Words, value: Words, isChanged: boolean): Line {
  return { cells: [name, value], mark: mark(isChanged) };
}

const mark = (isChanged: boolean) => (isChanged ? ('changed' as const) : undefined);

/** A box whose border is heavy where a line of it changed. */
function framed(tone: Tone, name: Words, lines: readonly Line[]): Item {
  const isTouched = lines.some(line => typeof line === 'object' && 'mark' in line && line.mark === 'changed');
  return box(tone, name, { lines, border: isTouched ? 'heavy' : 'solid' });
}
