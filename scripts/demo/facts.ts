import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What the kernel says of one container, read from /proc and /sys; nothing comes from the engine's own records. */
export interface ContainerFacts {
  namespaces: { type: string; host: string; container: string }[];
  /** Its group, and the controllers that see it there: v1 has one hierarchy each, often with the same path. */
  cgroups: { path: string; controllers: string }[];
  memory: string | undefined;
  veth: { inside: string; insideIndex: number; outside: string; outsideIndex: number; mac: string } | undefined;
  processes: string[];
}

const namespaceTypes = ['pid', 'mnt', 'net', 'uts', 'ipc', 'cgroup', 'user'];

export function factsOf(pid: number): ContainerFacts {
  const inode = (who: number | string, type: string) => /\d+/.exec(readlinkSync(`/proc/${who}/ns/${type}`))?.[0] ?? '?';
  const types = namespaceTypes.filter(type => readdirSync('/proc/self/ns').includes(type));
  const cgroups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  return {
    namespaces: types.map(type => ({ type, host: inode('self', type), container: inode(pid, type) })),
    cgroups: groupByPath(cgroups),
    memory: memoryOf(cgroups),
    veth: vethOf(pid),
    processes: childrenOf(pid).map(id => `${id} → ${lastOf(id, 'NSpid')}  ${commandOf(id)}`),
  };
}

function groupByPath(lines: string[]): { path: string; controllers: string }[] {
  const paths = new Map<string, string[]>();
  for (const line of lines) {
    const [id, controllers = '', path = ''] = line.split(':');
    const name = controllers.replace('name=', '') || (id === '0' ? 'v2' : '?');
    if (name !== 'v2' || path !== '/' || lines.length === 1) paths.set(path, [...(paths.get(path) ?? []), name]);
  }
  return [...paths].map(([path, names]) => ({
    path,
    controllers: names.length > 3 ? `${names.slice(0, 3).join(', ')}, ${names.length - 3} more` : names.join(', '),
  }));
}

/** In use, from whichever hierarchy counts memory. */
function memoryOf(cgroups: string[]): string | undefined {
  const path = cgroups
    .map(line => line.split(':'))
    .find(([, controllers]) => /(^|,)memory(,|$)/.test(controllers ?? ''));
  const unified = cgroups.map(line => line.split(':')).find(([id]) => id === '0');
  const files = [
    path && `/sys/fs/cgroup/memory${path[2]}/memory.usage_in_bytes`,
    unified && `/sys/fs/cgroup${unified[2]}/memory.current`,
  ];
  for (const file of files) {
    const bytes = file && read(file);
    if (bytes) return `${(Number(bytes) / 1048576).toFixed(1)} MiB`;
  }
  return undefined;
}

/** The two ends of the pair know each other by index: the container's sysfs tells its own, and the peer's in iflink. */
function vethOf(pid: number): ContainerFacts['veth'] {
  const inside = `/proc/${pid}/root/sys/class/net/eth0`;
  const outsideIndex = Number(read(`${inside}/iflink`));
  const insideIndex = Number(read(`${inside}/ifindex`));
  if (!outsideIndex) return undefined;
  const outside = readdirSync('/sys/class/net').find(name => {
    const file = `/sys/class/net/${name}`;
    return Number(read(`${file}/ifindex`)) === outsideIndex && Number(read(`${file}/iflink`)) === insideIndex;
  });
  return { inside: 'eth0', insideIndex, outside: outside ?? '?', outsideIndex, mac: read(`${inside}/address`) };
}

/** iptables rules that speak of the container's address or of its bridge, as iptables-save prints them. */
export function rulesAbout(words: string[]): string[] {
  const saved = spawnSync('iptables-save', [], { encoding: 'utf8' }).stdout ?? '';
  let table = '';
  return saved.split('\n').flatMap(line => {
    if (line.startsWith('*')) table = line.slice(1);
    return line.startsWith('-A') && words.some(word => line.includes(word)) ? [`-t ${table} ${line}`] : [];
  });
}

function childrenOf(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(childrenOf)];
}

function lastOf(pid: number, field: string): string {
  return new RegExp(`^${field}:.*\\s(\\d+)$`, 'm').exec(read(`/proc/${pid}/status`))?.[1] ?? '?';
}

function commandOf(pid: number): string {
  return read(join('/proc', String(pid), 'cmdline'))
    .replaceAll('\0', ' ')
    .trim()
    .slice(0, 70);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
