import { readFile } from '../../storage/merged-view.ts';
import { resolveUser, withGroups } from './user.ts';

/**
 * The user that a process runs as. The image's passwd and group files are read as the container would: links in them never lead
 * to the host. An empty `user` names none.
 */
export function userOf(
  options: { user?: string; groupAdd?: readonly string[] },
  image: { readonly layers: readonly string[]; readonly config: { readonly User?: string } },
) {
  const text = (file: string) => {
    const found = readFile(image.layers, file, 1 << 20);
    return found.kind === 'file' ? found.content.toString() : undefined;
  };
  const files = { passwd: text('/etc/passwd'), group: text('/etc/group') };
  return withGroups(resolveUser(options.user || image.config.User || '', files), options.groupAdd ?? [], files);
}
