import fs from 'node:fs';
import { parseMounts } from '../../src/host/mountinfo.ts';
import { namespacesOf } from '../../src/host/namespaces.ts';
import { readProc } from '../../src/host/proc.ts';
import type { Finding } from '../../src/workshop/exercise/types.ts';
import { finding, running } from '../../src/workshop/lab/kit/finding.ts';
import { ensureContainer, ensureImage, removeAll } from '../../src/workshop/lab/kit/plant.ts';
import type { Lab, Place, Values } from '../../src/workshop/lab/types.ts';
import { commandOf } from '../../src/xray/collect/processes.ts';
import { rightsOf } from '../../src/xray/collect/rights.ts';

const image = 'lab10';

interface Own extends Values {
  readonly cell: string;
  readonly tunnel: string;
  readonly mounter: string;
  readonly corner: string;
  readonly filterless: string;
  readonly watcher: string;
  readonly vault: string;
  readonly seconds: number;
  readonly uid: number;
}

/** What is to be like the cell: everything but the one wall. Says so where more is gone. */
function otherwiseLike(place: Place, cell: string, pid: number, but: Exempt): Finding[] {
  const usual = place.container(cell);
  if (usual?.state !== 'running') return running(place, cell, true).findings;
  const [theirs, its] = [rightsOf(usual.pid), rightsOf(pid)];
  const extra = its.capabilities.bounding.filter(name => !theirs.capabilities.bounding.includes(name));
  const granted = extra.filter(name => name !== but.capability);
  const ours = namespacesOf('self');
  const own = namespacesOf(usual.pid);
  const shared = Object.entries(namespacesOf(pid)).flatMap(([kind, one]) =>
    one === ours[kind] && own[kind] !== ours[kind] && kind !== but.namespace ? kind : [],
  );
  return [
    finding(
      granted.length === 0,
      { en: 'it has no right that the cell has not', zh: '其余的权能与牢房相同' },
      { en: `it has ${granted.join(', ')} as well: too much`, zh: `它还多了 ${granted.join('、')}：给得太多` },
    ),
    ...(but.seccomp
      ? []
      : [
          finding(
            its.seccomp === theirs.seccomp,
            { en: `seccomp: ${its.seccomp}, as in the cell`, zh: `seccomp：${its.seccomp}，与牢房相同` },
            {
              en: `seccomp is ${its.seccomp} here, and ${theirs.seccomp} in the cell`,
              zh: `这里的 seccomp 是 ${its.seccomp}，牢房里是 ${theirs.seccomp}`,
            },
          ),
        ]),
    finding(
      shared.length === 0,
      { en: 'its other namespaces are its own', zh: '其余的命名空间都是自己的' },
      { en: `the host’s are: ${shared.join(', ')}`, zh: `这些是宿主机的：${shared.join('、')}` },
    ),
  ];
}

interface Exempt {
  readonly capability?: string;
  readonly seccomp?: true;
  readonly namespace?: string;
}

/** Whether the kernel lets a process of the container open a device, by its numbers: it is asked by doing it. */
async function opens(place: Place, name: string, numbers: string): Promise<boolean> {
  const open = `rm -f /tmp/.device; mknod /tmp/.device c ${numbers}; (: < /tmp/.device) 2>&1; rm /tmp/.device`;
  return !/not permitted/.test(await place.minidock('exec', name, 'sh', '-c', open));
}

const children = (command: string) =>
  fs
    .readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => commandOf(pid) === command);

export const lab: Lab<Own> = {
  id: '10-escape-room',
  minutes: 50,
  version: 1,
  needs: ['pid-namespace', 'proc-sys-dev', 'cgroups', 'capabilities-and-seccomp'],
  programs: ['busybox', 'ps'],

  values(random) {
    const [cell, tunnel, mounter, corner, filterless, watcher, vault] = random.words(7);
    const [seconds, uid] = [random.integer(50_000, 99_999), random.integer(2000, 59_999)];
    return { cell, tunnel, mounter, corner, filterless, watcher, vault, seconds, uid };
  },

  async plant(place, { cell }) {
    await ensureImage(place, image);
    await ensureContainer(place, cell, '--network', 'none', image, 'sleep', '1000000');
  },

  tasks: [
    {
      points: 20,
      ask: ({ tunnel }) => ({
        en: `A container \`${tunnel}\` that may open \`/dev/net/tun\`, and is otherwise like the cell`,
        zh: `容器 \`${tunnel}\`：可以打开 \`/dev/net/tun\`，其余与牢房相同`,
      }),
      async check(place, { tunnel, cell }) {
        const { container, findings } = running(place, tunnel);
        if (container === undefined) return findings;
        return [
          ...findings,
          finding(
            await opens(place, tunnel, '10 200'),
            { en: '/dev/net/tun can be opened in it', zh: '在其中可以打开 /dev/net/tun' },
            {
              en: 'it cannot: the group’s list of devices does not have it',
              zh: '打不开：cgroup 的设备清单里没有它',
            },
          ),
          finding(
            !(await opens(place, tunnel, '10 229')),
            { en: 'other devices cannot', zh: '其他设备打不开' },
            { en: '/dev/fuse as well: that is too much', zh: '/dev/fuse 也能打开：给得太多' },
          ),
          ...otherwiseLike(place, cell, container.pid, {}),
        ];
      },
      hints: [
        () => ({
          en: 'Not a capability: `mknod` works in the cell. Which file of the cgroup has a say?',
          zh: '与权能无关：`mknod` 在牢房里可以用。是 cgroup 的哪个文件说了算？',
        }),
        () => ({ en: '`--device` of `minidock run`', zh: '`minidock run` 的 `--device`' }),
      ],
    },
    {
      points: 20,
      ask: ({ mounter, corner }) => ({
        en: `A container \`${mounter}\` with one capability more than the cell, in which a tmpfs is mounted at \`/mnt/${corner}\``,
        zh: `容器 \`${mounter}\`：只比牢房多一项权能，其中 \`/mnt/${corner}\` 挂载了 tmpfs`,
      }),
      check(place, { mounter, corner, cell }) {
        const { container, findings } = running(place, mounter);
        if (container === undefined) return findings;
        const mounts = parseMounts(readProc(`/proc/${container.pid}/mountinfo`) ?? '');
        const found = mounts.find(({ target }) => target === `/mnt/${corner}`);
        return [
          ...findings,
          finding(
            found?.type === 'tmpfs',
            { en: `mountinfo has a tmpfs at /mnt/${corner}`, zh: `mountinfo 里有挂载在 /mnt/${corner} 的 tmpfs` },
            { en: 'there is none: mount it from inside', zh: '没有：请从里面挂载' },
          ),
          finding(
            rightsOf(container.pid).capabilities.effective.includes('CAP_SYS_ADMIN'),
            { en: 'it has CAP_SYS_ADMIN', zh: '它有 CAP_SYS_ADMIN' },
            { en: 'it has not: so the mount was made by somebody else', zh: '没有：那么挂载是别人做的' },
          ),
          ...otherwiseLike(place, cell, container.pid, { capability: 'CAP_SYS_ADMIN' }),
        ];
      },
      hints: [
        () => ({
          en: 'mount(2), under EPERM, says which capability it asks for.',
          zh: 'mount(2) 的 EPERM 一节说明了需要哪项权能。',
        }),
        () => ({
          en: '`--cap-add` of `minidock run`, then `minidock exec … mount -t tmpfs …`',
          zh: '`minidock run` 的 `--cap-add`，然后 `minidock exec … mount -t tmpfs …`',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ filterless, seconds }) => ({
        en: `A container \`${filterless}\` without a seccomp filter, and in it \`sleep ${seconds}\` in a user namespace of its own`,
        zh: `容器 \`${filterless}\`：没有 seccomp 过滤器，其中 \`sleep ${seconds}\` 在自己的用户命名空间里`,
      }),
      check(place, { filterless, seconds, cell }) {
        const { container, findings } = running(place, filterless);
        if (container === undefined) return findings;
        const [pid] = children(`sleep ${seconds}`);
        const its = pid === undefined ? undefined : namespacesOf(pid);
        const first = namespacesOf(container.pid);
        return [
          ...findings,
          finding(
            rightsOf(container.pid).seccomp === 'off',
            { en: 'the line Seccomp of its PID 1 says 0', zh: '它的 1 号进程的 Seccomp 一行是 0' },
            { en: 'it has a filter', zh: '它有过滤器' },
          ),
          finding(
            its !== undefined && its.mnt === first.mnt && its.user !== first.user,
            {
              en: `\`sleep ${seconds}\` is in it, and in another user namespace than its PID 1`,
              zh: `\`sleep ${seconds}\` 在其中，而且与它的 1 号进程不在同一个用户命名空间`,
            },
            its === undefined
              ? { en: 'no process has these arguments', zh: '没有这样的进程' }
              : its.mnt !== first.mnt
                ? { en: 'it is not in the container', zh: '它不在这个容器里' }
                : { en: 'it is in the same user namespace', zh: '它在同一个用户命名空间里' },
          ),
          ...otherwiseLike(place, cell, container.pid, { seccomp: true }),
        ];
      },
      hints: [
        () => ({
          en: '`--security-opt seccomp=…` of `minidock run`',
          zh: '`minidock run` 的 `--security-opt seccomp=…`',
        }),
        ({ filterless, seconds }) => ({
          en: `\`minidock exec -d ${filterless} unshare -U sleep ${seconds}\``,
          zh: `\`minidock exec -d ${filterless} unshare -U sleep ${seconds}\``,
        }),
      ],
    },
    {
      points: 20,
      ask: ({ watcher }) => ({
        en: `A container \`${watcher}\` that sees the processes of the host, and is otherwise like the cell`,
        zh: `容器 \`${watcher}\`：看得见宿主机的进程，其余与牢房相同`,
      }),
      check(place, { watcher, cell }) {
        const { container, findings } = running(place, watcher);
        if (container === undefined) return findings;
        const kind = namespacesOf(container.pid).pid;
        return [
          ...findings,
          finding(
            kind === namespacesOf('self').pid,
            { en: `its PID namespace is the host’s, ${kind}`, zh: `它的 PID 命名空间就是宿主机的 ${kind}` },
            { en: `it is ${kind}: its own`, zh: `它是 ${kind}：自己的` },
          ),
          ...otherwiseLike(place, cell, container.pid, { namespace: 'pid' }),
        ];
      },
      hints: [() => ({ en: 'One flag, of a namespace that is not made.', zh: '一个选项：少建一个命名空间。' })],
    },
    {
      points: 20,
      ask: ({ vault, uid }) => ({
        en: `A container \`${vault}\` that is stronger than the cell: user ${uid}, no capability at all, no new privileges, a root that cannot be written`,
        zh: `容器 \`${vault}\`：比牢房更坚固，用户 ${uid}，没有任何权能，不能获得新权限，根目录不可写`,
      }),
      check(place, { vault, uid }) {
        const { container, findings } = running(place, vault);
        if (container === undefined) return findings;
        const rights = rightsOf(container.pid);
        const root = parseMounts(readProc(`/proc/${container.pid}/mountinfo`) ?? '').findLast(
          ({ target }) => target === '/',
        );
        const all = [
          ...rights.capabilities.bounding,
          ...rights.capabilities.permitted,
          ...rights.capabilities.inheritable,
        ];
        return [
          ...findings,
          finding(
            rights.uid.every(one => one === uid),
            { en: `it runs as user ${rights.uid[1]}`, zh: `它以用户 ${rights.uid[1]} 运行` },
            { en: `it should be ${uid}`, zh: `应当是 ${uid}` },
          ),
          finding(
            all.length === 0,
            { en: 'CapBnd, CapPrm and CapInh are zero', zh: 'CapBnd、CapPrm、CapInh 都为零' },
            {
              en: `there are ${new Set(all).size} left: another user has none, but a setuid program would get them`,
              zh: `还剩 ${new Set(all).size} 项：普通用户虽然没有，但 setuid 程序会得到它们`,
            },
          ),
          finding(
            rights.noNewPrivs,
            { en: 'NoNewPrivs is 1', zh: 'NoNewPrivs 为 1' },
            {
              en: 'it is 0: execve of a setuid program would still change the user',
              zh: '为 0：execve 一个 setuid 程序仍会改变用户',
            },
          ),
          finding(
            root?.options.split(',').includes('ro') === true,
            { en: 'the mount at / is read-only', zh: '/ 的挂载是只读的' },
            { en: 'it can be written', zh: '它可写' },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`minidock run --help | grep -iE "user|cap-|security|read-only"`',
          zh: '`minidock run --help | grep -iE "user|cap-|security|read-only"`',
        }),
      ],
    },
  ],

  clean: (place, { cell, tunnel, mounter, filterless, watcher, vault }) =>
    removeAll(place, { containers: [cell, tunnel, mounter, filterless, watcher, vault], images: [image] }),
};
