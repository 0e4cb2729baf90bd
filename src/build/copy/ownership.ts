import type { Raw } from '../../dockerfile/instructions.ts';
import type { MinidockError } from '../../errors.ts';
import { readFile } from '../../storage/merged-view.ts';
import type { Ownership } from './members.ts';
import { modeChange } from './mode.ts';
import type { CopyWork } from './work.ts';

/** What `--chown` and `--chmod` say. Names are those of the image's passwd and group. */
export async function ownershipOf(work: CopyWork): Promise<Ownership> {
  const { chown, chmod } = work.instruction;
  const written = chmod && work.word(chmod);
  const mode = written === undefined ? undefined : modeChange(written);
  if (written !== undefined && mode === undefined)
    throw work.fail(
      chmod,
      `invalid mode ${JSON.stringify(written)}`,
      'write it in octal, 755, or as chmod has it, u=rwX,go=rX',
    );
  return {
    ...(chown && { owner: await ownerOf(work, chown) }),
    ...(mode && { mode }),
  };
}

/** A user without a group has the group of the same number or name, as Docker has it. */
async function ownerOf(work: CopyWork, chown: Raw): Promise<{ uid: number; gid: number }> {
  const { resolveUser } = await import('../../container/process/user.ts');
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
    throw work.fail(chown, (error as MinidockError).message, (error as MinidockError).fix);
  }
}
