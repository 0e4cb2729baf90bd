import { readAttributes } from '../../storage/copy/attributes.ts';
import { pathIn, Scope } from '../../storage/scope/scope.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { call } from '../../syscalls/calls.ts';
import { str } from '../../syscalls/data.ts';
import type { Step } from '../../syscalls/step.ts';

/** A container's writable layer, which it may change at this moment. */
export interface Upper {
  scope: Scope;
  /** Steps after which the layer is "/". */
  enter: readonly Step[];
  /** Whether a directory hides what the layers below have in it. */
  isOpaque: (path: ByteString) => boolean;
}

export async function openUpper(directory: string): Promise<Upper> {
  const scope = new Scope(directory);
  try {
    const enter = enterDirectory(directory);
    const directories = [...directoriesIn(scope)];
    const marked = await readAttributes(directories, { enter, wanted: name => name === 'trusted.overlay.opaque' });
    const opaque = new Set(marked.flatMap(({ path, value }) => (value.toString('latin1') === 'y' ? [path] : [])));
    return { scope, enter, isOpaque: path => opaque.has(path) };
  } catch (error) {
    scope.close();
    throw error;
  }
}

function* directoriesIn(scope: Scope): Generator<ByteString> {
  const todo: (readonly ByteString[])[] = [[]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    yield pathIn(next);
    for (const name of scope.list(next)) {
      const inner = [...next, name];
      if (scope.look(inner)?.isDirectory()) todo.push(inner);
    }
  }
}

function enterDirectory(directory: string): Step[] {
  const about = { lesson: 'overlay-layers' as const, group: 'enter the layer' };
  return [
    call('chdir', [str(directory)], {
      ...about,
      why: { en: "enter the container's writable layer", zh: '进入容器的可写层' },
    }),
    call('chroot', [str('.')], {
      ...about,
      why: {
        en: 'a link that the container puts in it leads to no file of the host',
        zh: '容器在里面放的链接通不到宿主机的文件',
      },
    }),
  ];
}
