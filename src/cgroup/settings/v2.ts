import type { CgroupLayout } from '../../host/cgroup-layout.ts';
import type { Resources } from '../../oci/runtime-spec.ts';
import type { Text } from '../../syscalls/text/language.ts';
import type { Limits } from '../driver.ts';
import type { Setting } from './settings.ts';
import { cpusetSettings, pidsSettings, reasons, throttles } from './shared.ts';

/** Limits in the files of version 2 (Documentation/admin-guide/cgroup-v2.rst). */
export function limitsOnV2(
  resources: Limits,
  { swap, ioWeightFile }: Pick<CgroupLayout, 'swap' | 'ioWeightFile'>,
): Setting[] {
  return [
    ...memorySettings(resources.memory, swap),
    ...cpuSettings(resources.cpu),
    ...blockSettings(resources.blockIO, ioWeightFile),
    ...pidsSettings(resources.pids),
  ];
}

function memorySettings(memory: Resources['memory'], countsSwap: boolean): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string | number, why: Text) =>
    settings.push({ controller: 'memory', name: `memory.${name}`, value, why });
  if (memory?.limit) set('max', memory.limit, reasons.memory);
  if (memory?.reservation)
    set('low', memory.reservation, {
      en: 'protect this many bytes of memory from being reclaimed first',
      zh: '回收内存时，先不动这么多字节',
    });
  // Where swap is not counted Docker warns and goes on too.
  if (memory?.swap && countsSwap)
    set('swap.max', memory.swap < 0 ? 'max' : memory.swap - (memory.limit ?? 0), {
      en: 'limit swap in bytes: v2 counts it apart, so the memory limit is subtracted',
      zh: '限制交换空间的字节数：v2 单独计算，所以要减去内存限额',
    });
  return settings;
}

function cpuSettings(cpu: Resources['cpu']): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string | number, why: Text) =>
    settings.push({ controller: 'cpu', name: `cpu.${name}`, value, why });
  if (cpu?.quota || cpu?.period)
    set('max', `${cpu.quota && cpu.quota > 0 ? cpu.quota : 'max'} ${cpu.period ?? 100_000}`, {
      en: 'limit the CPU time of each period, both in microseconds',
      zh: '限制每个周期里的 CPU 时间，两个数的单位都是微秒',
    });
  if (cpu?.shares) set('weight', weight(cpu.shares), reasons.shares);
  return [...settings, ...cpusetSettings(cpu)];
}

function blockSettings(blockIO: Resources['blockIO'], ioWeightFile: CgroupLayout['ioWeightFile']): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string | number, why: Text) =>
    settings.push({ controller: 'io', name, value, why });
  const scaled = (weight: number) => (ioWeightFile === 'io.weight' ? ioWeight(weight) : weight);
  if (blockIO?.weight && ioWeightFile) set(ioWeightFile, `default ${scaled(blockIO.weight)}`, reasons.weight);
  for (const { major, minor, weight } of (ioWeightFile && blockIO?.weightDevice) || [])
    set(ioWeightFile!, `${major}:${minor} ${scaled(weight)}`, reasons.weightOfDevice);
  // 0 is "no limit" on v1, and refused here.
  for (const { v2, major, minor, rate, why } of throttles(blockIO))
    set('io.max', `${major}:${minor} ${v2}=${rate || 'max'}`, why);
  return settings;
}

/** v1's 2–262144 onto v2's 1–10000, as runc and crun map it. */
function weight(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262142);
}

/** v1's 10–1000 onto v2's 1–10000, as runc and crun map it. */
function ioWeight(weight: number): number {
  return Math.floor(1 + ((weight - 10) * 9999) / 990);
}
