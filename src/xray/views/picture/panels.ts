import { shortIds } from '../../../syscalls/print.ts';
import type { Language, Text } from '../../../syscalls/text/language.ts';
import { capabilityNames } from '../../../syscalls/uapi/capabilities.ts';
import type { Layers, Namespace, Process, Xray } from '../../model.ts';
import { bytes, meaningOf, settingNames } from '../words.ts';
import { capped, more, type Panel, type Row } from './panel.ts';

/** One layer in the stack. */
interface Slab {
  readonly name: string;
  readonly text: string;
  readonly note: string;
  readonly kind: 'upper' | 'lower' | 'more';
}

/** What stands in each panel of the picture. */
export class Panels {
  constructor(
    private readonly xray: Xray,
    private readonly language: Language,
  ) {}

  readonly say = (text: Text): string => text[this.language];

  /** `net  4026532181`, and whose it is. */
  namespaceTitle(type: string): { title: string; note: string; inode: number } {
    const found = this.xray.namespaces?.find(one => one.type === type);
    const inode = found?.inode ?? 0;
    return {
      title: this.say(namespaceNames[type] ?? { en: type, zh: type }),
      note: found === undefined ? '' : this.inodeOf(found),
      inode,
    };
  }

  /** As readlink(1) shows it, or shorter, and with whom it is shared. */
  private inodeOf({ type, inode, sharedWith }: Namespace): string {
    const [first, ...rest] = sharedWith;
    if (first === undefined) return `${type}:[${inode}]`;
    const who = first.name ?? first.container?.slice(0, 12) ?? first.command.split(' ')[0];
    const more = rest.length > 0 ? ` +${rest.length}` : '';
    return this.say({ en: `${inode}, with ${who}${more}`, zh: `${inode}，与 ${who}${more} 共享` });
  }

  processes(most: number): Panel {
    const inside = (this.xray.processes ?? []).filter(({ role }) => role === 'container');
    const rows = inside.map(
      (one): Row => ({
        left: [
          { text: String(one.inside ?? one.pid), strong: true, code: true, width: 58 },
          { text: String(one.pid), dim: true, code: true, width: 84 },
          { text: `${'  '.repeat(depthOf(one, inside))}${one.command}`, code: true, size: 15 },
        ],
      }),
    );
    const { title, note } = this.namespaceTitle('pid');
    const heads: Row = {
      left: [
        { text: this.say({ en: 'inside', zh: '内部' }), size: 14, dim: true, width: 58 },
        { text: this.say({ en: 'on the host', zh: '宿主机上' }), size: 14, dim: true },
      ],
    };
    return {
      tone: 'kernel',
      title,
      note,
      rows: [heads, ...capped(rows, most, more(this.say))],
      dashed: this.isHosts('pid'),
    };
  }

  isHosts(type: string): boolean {
    return this.xray.namespaces?.find(one => one.type === type)?.host ?? false;
  }

  /** Slabs of the stack, from the top. */
  layers(layers: Layers, most: number): Slab[] {
    const lower = layers.lower.map(
      ({ diffId, bytes: size, directory }, i): Slab => ({
        name: `lower ${layers.lower.length - i}`,
        text: diffId === undefined ? tailOf(directory) : diffId.slice('sha256:'.length),
        note: size === undefined ? '' : bytes(size),
        kind: 'lower',
      }),
    );
    const moreLayers = (count: number): Slab => ({
      name: '…',
      text: this.say({ en: `${count} more layers`, zh: `另有 ${count} 层` }),
      note: '',
      kind: 'more',
    });
    const upper = layers.upper && {
      name: 'upper',
      text: this.say({ en: 'written to', zh: '写在这里' }),
      note: bytes(layers.upper.bytes),
      kind: 'upper' as const,
    };
    return [...(upper ? [upper] : []), ...capped(lower, most, moreLayers)];
  }

  /** Mounts beside the root: bind mounts and volumes by name, the others counted. */
  mounts(most: number): Row[] {
    const all = this.xray.mounts ?? [];
    const isEngines = (target: string) => /^\/(proc|sys|dev)(\/|$)|^\/$/.test(target);
    const own = all.filter(({ target }) => !isEngines(target));
    const rows = own.map(({ target, hostPath, type, options }): Row => {
      const ro = options.split(',').includes('ro') ? ' (ro)' : '';
      return {
        left: [
          { text: `${target}${ro}`, code: true, size: 15 },
          { text: '←', dim: true },
          { text: hostPath === undefined ? type : tailOf(hostPath), code: true, size: 15 },
        ],
      };
    });
    const others = all.length - own.length;
    const rest: Row = {
      left: [
        this.say({
          en: `and ${others} mounts on /, /proc, /sys, /dev`,
          zh: `/、/proc、/sys、/dev 上还有 ${others} 个挂载`,
        }),
      ],
      dim: true,
    };
    return [...capped(rows, most, more(this.say)), ...(others > 0 ? [rest] : [])];
  }

  /** The other namespaces of its own. */
  otherNamespaces(): Panel | undefined {
    const shown = ['net', 'pid', 'mnt'];
    const own = (this.xray.namespaces ?? []).filter(({ type, host }) => !host && !shown.includes(type));
    if (own.length === 0) return undefined;
    return {
      tone: 'kernel',
      title: this.say({ en: 'other namespaces of its own', zh: '自己的其他命名空间' }),
      rows: own.map(
        (namespace): Row => ({
          left: [this.say(namespaceNames[namespace.type] ?? { en: namespace.type, zh: namespace.type })],
          right: this.inodeOf(namespace),
        }),
      ),
    };
  }

  sharedWithHost(): Panel | undefined {
    const shared = (this.xray.namespaces ?? []).filter(({ host }) => host).map(({ type }) => type);
    if (shared.length === 0) return undefined;
    return {
      tone: 'plain',
      dashed: true,
      title: this.say({ en: 'shared with the host', zh: '与宿主机共享' }),
      rows: [
        shared
          .map(type => this.say(namespaceNames[type] ?? { en: type, zh: type }))
          .join(this.language === 'zh' ? '、' : ', '),
      ],
    };
  }

  cgroup(): Panel {
    const groups = this.xray.cgroups ?? [];
    const shown = groups
      .flatMap(({ settings }) => settings)
      .filter(({ what, amount, kind }) => {
        if (what === 'cpu weight' || what === 'devices' || what === 'memory and swap') return false;
        return kind === 'used' || (kind === 'limit' && amount !== undefined);
      });
    const rows = shown.map(
      (setting): Row => ({
        left: [this.say(settingNames[setting.what])],
        right: this.say(meaningOf(setting)),
      }),
    );
    const unlimited = !shown.some(({ kind }) => kind === 'limit');
    return {
      tone: 'process',
      title: this.say({ en: 'its cgroup', zh: '它的 cgroup' }),
      note: shortIds(groups[0]?.path ?? ''),
      rows: [...(unlimited ? [this.say({ en: 'no limit is set', zh: '没有设限制' })] : []), ...rows],
    };
  }

  rights(): Panel {
    const { capabilities, seccomp, noNewPrivs, uid } = this.xray.rights!;
    const { length } = capabilities.effective;
    return {
      tone: 'process',
      title: this.say({ en: 'what it may do', zh: '可以做什么' }),
      rows: [
        { left: [this.say({ en: 'user', zh: '用户' })], right: `${uid[1]}${uid[1] === 0 ? ' (root)' : ''}` },
        {
          left: [this.say({ en: 'capabilities', zh: '权能' })],
          right: this.say({
            en: `${length} of ${capabilityNames.length}`,
            zh: `${capabilityNames.length} 种中的 ${length} 种`,
          }),
        },
        { left: ['seccomp'], right: seccomp },
        { left: ['no_new_privs'], right: this.say(noNewPrivs ? { en: 'on', zh: '开启' } : { en: 'off', zh: '关闭' }) },
      ],
    };
  }
}

const namespaceNames: Readonly<Record<string, Text>> = {
  net: { en: 'network', zh: '网络' },
  pid: { en: 'processes', zh: '进程' },
  mnt: { en: 'files', zh: '文件' },
  uts: { en: 'hostname', zh: '主机名' },
  ipc: { en: 'shared memory', zh: '共享内存' },
  cgroup: { en: 'cgroup view', zh: 'cgroup 视图' },
  user: { en: 'user ids', zh: '用户 ID' },
  time: { en: 'clocks', zh: '时钟' },
};

/** The end of a long path says more than its beginning. */
function tailOf(path: string): string {
  const short = shortIds(path);
  return short.length <= 24 ? short : `…/${short.split('/').slice(-2).join('/')}`;
}

function depthOf(one: Process, all: readonly Process[]): number {
  const parent = all.find(({ pid }) => pid === one.parent);
  return parent === undefined || parent === one ? 0 : Math.min(depthOf(parent, all) + 1, 6);
}
