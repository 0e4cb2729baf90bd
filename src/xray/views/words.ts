import type { Text } from '../../syscalls/text/language.ts';
import type { Setting, SettingName, Subject } from '../model.ts';

/** Words that several parts of the views use. */
export const states: Readonly<Record<Subject['state'], Text>> = {
  running: { en: 'running', zh: '运行中' },
  paused: { en: 'paused', zh: '已暂停' },
  starting: { en: 'starting', zh: '正在启动' },
  restarting: { en: 'restarting', zh: '等待重启' },
  created: { en: 'created, never started', zh: '已创建，从未启动' },
  exited: { en: 'exited', zh: '已退出' },
  dead: { en: 'dead', zh: '无法删除' },
  lost: { en: 'lost: its supervisor was killed', zh: '已失联：监督进程被杀死' },
};

export const settingNames: Readonly<Record<SettingName, Text>> = {
  memory: { en: 'memory', zh: '内存' },
  'memory and swap': { en: 'memory and swap', zh: '内存加交换区' },
  swap: { en: 'swap', zh: '交换区' },
  'memory reservation': { en: 'memory reservation', zh: '内存保留' },
  'memory used': { en: 'memory used', zh: '已用内存' },
  'cpu time': { en: 'CPU time', zh: 'CPU 时间' },
  'cpu weight': { en: 'CPU weight', zh: 'CPU 权重' },
  cpus: { en: 'CPUs', zh: 'CPU' },
  'memory nodes': { en: 'memory nodes', zh: '内存节点' },
  processes: { en: 'processes', zh: '进程数' },
  'processes now': { en: 'processes now', zh: '当前进程数' },
  'block weight': { en: 'disk weight', zh: '磁盘权重' },
  frozen: { en: 'frozen', zh: '冻结' },
  devices: { en: 'device rules', zh: '设备规则' },
};

/** What a file of a cgroup means. */
export function meaningOf({ what, kind, amount, value }: Setting): Text {
  if (kind === 'state') {
    const still = !['THAWED', '0'].includes(value);
    return still ? { en: 'yes', zh: '是' } : { en: 'no', zh: '否' };
  }
  if (what === 'cpus' || what === 'memory nodes') return value === '' ? { en: 'none', zh: '无' } : both(value);
  if (amount === undefined) return kind === 'used' ? both(value) : { en: 'no limit', zh: '无限制' };
  if (what === 'cpu time') return { en: `at most ${amount} CPUs`, zh: `至多 ${amount} 个 CPU` };
  if (kind === 'used') return both(what === 'memory used' ? bytes(amount) : String(amount));
  if (what === 'memory reservation') return { en: `${bytes(amount)} at least`, zh: `至少 ${bytes(amount)}` };
  if (what.endsWith('weight') || what === 'devices') return both(String(amount));
  const most = what === 'processes' ? String(amount) : bytes(amount);
  return { en: `at most ${most}`, zh: `至多 ${most}` };
}

const both = (text: string): Text => ({ en: text, zh: text });

/** `64 MiB`, `1.5 GiB`: three significant digits. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = count;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(3))} ${units[unit]}`;
}

/** What others wrote, in one line, without what a terminal or a browser would obey (ECMA-48; UAX 9). */
export function tame(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '·');
}
