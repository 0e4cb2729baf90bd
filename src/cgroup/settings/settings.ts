import { readFileSync, writeFileSync } from 'node:fs';
import { errnoOf, MinidockError } from '../../errors.ts';
import { writeFile } from '../../syscalls/calls.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';

/** One limit as the kernel takes it: what is written into a file of the group. */
export interface Setting {
  controller: string;
  /** `memory.limit_in_bytes` */
  name: string;
  value: string | number;
  why: Text;
}

/** Host section: writes the settings of a group that no process is in yet. */
export function settingSteps(
  group: string,
  settings: readonly Setting[],
  fileOf: (setting: Setting) => string,
): Step[] {
  const groupWhy = {
    en: 'limit what all processes of the container use together, one file for each limit',
    zh: '限制容器里所有进程合计的用量，每项限额一个文件',
  };
  return settings.flatMap(setting => {
    const { name, value, why } = setting;
    const about = { why, lesson: 'cgroups' as const, group: `limit cgroup ${group}`, groupWhy };
    return writeFile(fileOf(setting), String(value), slot(name), about);
  });
}

/**
 * Writes the settings of a group that runs. Of memory and swap the one goes first that keeps swap at or above memory in
 * between, and that depends on what holds now: where the kernel says EINVAL to one, it is tried again after the others.
 * Throws `bad-limit` where it stays so.
 */
export function updateGroup(settings: readonly Setting[], fileOf: (setting: Setting) => string): void {
  const files = settings.map(setting => ({ ...setting, file: fileOf(setting) }));
  const later = files.filter(setting => write(setting) === 'EINVAL');
  for (const setting of later) {
    const errno = write(setting);
    if (errno !== undefined) throw refused(setting, errno);
  }
}

type Placed = Setting & { file: string };

/** EINVAL where the kernel says so. Throws for its other refusals. */
function write(setting: Placed): 'EINVAL' | undefined {
  try {
    writeFileSync(setting.file, String(setting.value), { flag: 'r+' });
    return undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EINVAL') return errno;
    throw refused(setting, errno ?? String(error));
  }
}

function refused({ file, name, value }: Placed, errno: string): MinidockError {
  if (name === 'memory.limit_in_bytes' && errno === 'EBUSY') {
    const bytes = (other: string) => readFileSync(file.replace('memory.limit_in_bytes', other), 'utf8').trim();
    return new MinidockError(
      'bad-limit',
      `unable to set memory limit to ${value} (current usage: ${bytes('memory.usage_in_bytes')}, peak usage: ${bytes('memory.max_usage_in_bytes')})`,
    );
  }
  return new MinidockError('bad-limit', `the kernel does not take ${value} for ${name}: ${errno}`);
}
