import { resolveUser } from '../../container/process/user.ts';
import type { Raw } from '../../dockerfile/instructions.ts';
import { readFile } from '../../storage/merged-view.ts';
import type { Ownership } from './members.ts';
import type { CopyWork } from './work.ts';

/** What `--chown` and `--chmod` say. Names are those of the image's passwd and group. */
export function ownershipOf(work: CopyWork): Ownership {
  const { chown, chmod } = work.instruction;
  const mode = chmod && work.word(chmod);
  if (mode !== undefined && !/^[0-7]{3,5}$/.test(mode))
    throw work.fail(chmod, `invalid mode ${JSON.stringify(mode)}`, 'write it in octal, as 755 or 0644');
  return {
    ...(chown && { owner: ownerOf(work, chown) }),
    ...(mode !== undefined && { mode: Number.parseInt(mode, 8) & 0o7777 }),
  };
}

/** A user without a group has the group of the same number or name, as Docker has it. */
function ownerOf(work: CopyWork, chown: Raw): { uid: number; gid: number } {
  const written = work.word(chown);
  const text = (file: string) => {
    const found = readFile(work.layers, file, 1 << 20);
    return found.kind === 'file' ? found.content.toString() : undefined;
  };
  const [user = '', group = user] = written.split(':', 2);
  try {
    const { uid, gid } = resolveUser(`${user}:${group}`, { passwd: text('/etc/passwd'), group: text('/etc/group') });
    return { uid, gid };
  } catch (error) {
    throw work.fail(chown, (error as Error).message);
  }
}
