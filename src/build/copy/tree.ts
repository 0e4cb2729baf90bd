import fs from 'node:fs';
import { byteString, pathOf } from '../../storage/bytes.ts';
import { list, openRegular, resolve } from '../../storage/merged-view.ts';
import type { Scope } from '../../storage/scope/scope.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import type { Ignore } from '../ignore.ts';

/** Files that COPY takes from: the build context, or the files of an image. Paths are lists of names, no link in them. */
export interface Tree {
  /** lstat(2); undefined where nothing is, or where it is left out. */
  look(names: readonly ByteString[]): fs.Stats | undefined;
  list(names: readonly ByteString[]): ByteString[];
  readLink(names: readonly ByteString[]): ByteString;
  /** A descriptor of a regular file, for reading. */
  open(names: readonly ByteString[]): number;
  /** Follows a path from the top; links lead nowhere else. Undefined where nothing is, `left out` where .dockerignore is the reason. */
  locate(path: ByteString): readonly ByteString[] | 'left out' | undefined;
  /** Extended attributes of files, by their names joined with `/`. Absent where none are kept: those of a context are this machine's. */
  attributes?(files: readonly (readonly ByteString[])[]): Promise<ReadonlyMap<ByteString, Map<string, Buffer>>>;
  /** Whose the copies are unless `--chown` says it: nobody's user of this machine has a meaning in an image. */
  readonly keepsOwner: boolean;
  /** Told in errors: `the build context`. */
  readonly what: string;
}

/** The build context, without what .dockerignore leaves out. */
export function contextTree(scope: Scope, ignore: Ignore): Tree {
  const whole: Tree = {
    what: 'the build context',
    keepsOwner: false,
    look: names => scope.look(names),
    list: names => scope.list(names),
    readLink: names => scope.readLink(names) ?? '',
    open(names) {
      const fd = scope.openFile(names);
      if (fd === undefined) throw new Error(`${text(names)} is no file any more`);
      return fd;
    },
    locate(path) {
      const { names, stats } = scope.locate(path, { followLast: true });
      return stats === undefined ? undefined : names;
    },
  };
  return leavingOut(whole, [], ignore);
}

/** A tree without what patterns leave out below one of its directories. */
export function leavingOut(tree: Tree, top: readonly ByteString[], ignore: Ignore): Tree {
  const isOut = (names: readonly ByteString[]) =>
    names.length > top.length && ignore.leavesOut(text(names.slice(top.length)));
  /** Whether a directory that is left out holds something that a later pattern takes back. */
  const holdsWanted = (names: readonly ByteString[]): boolean =>
    ignore.hasExceptions &&
    tree.list(names).some(name => {
      const inner = [...names, name];
      return !isOut(inner) || ((tree.look(inner)?.isDirectory() ?? false) && holdsWanted(inner));
    });
  return {
    ...tree,
    look(names) {
      const stats = tree.look(names);
      if (stats === undefined || !isOut(names)) return stats;
      return stats.isDirectory() && holdsWanted(names) ? stats : undefined;
    },
    locate(path) {
      const found = tree.locate(path);
      return typeof found === 'object' && isOut(found) ? 'left out' : found;
    },
  };
}

/** The files of an image, as a stack of layers. */
export function layersTree(layers: readonly string[], what: string): Tree {
  const find = (names: readonly ByteString[]) => resolve(layers, `/${names.join('/')}`, { followLast: false });
  return {
    what,
    keepsOwner: true,
    look(names) {
      const { hostPath } = find(names);
      return hostPath === undefined ? undefined : fs.lstatSync(pathOf(hostPath), { throwIfNoEntry: false });
    },
    list: names => [...list(find(names).directories ?? []).keys()],
    readLink: names => fs.readlinkSync(pathOf(find(names).hostPath!), 'latin1'),
    open(names) {
      const { hostPath, layer } = find(names);
      const held = openRegular({ layer: layer!, host: hostPath! });
      try {
        return fs.openSync(`/proc/self/fd/${held}`, 'r');
      } finally {
        fs.closeSync(held);
      }
    },
    async attributes(files) {
      const paths = new Map(files.map(names => [find(names).hostPath ?? '', names.join('/')]));
      const { readAttributes } = await import('../../storage/copy/attributes.ts');
      const attributes = new Map<ByteString, Map<string, Buffer>>();
      for (const { path, name, value } of await readAttributes([...paths.keys()])) {
        const file = paths.get(path)!;
        attributes.set(file, (attributes.get(file) ?? new Map<string, Buffer>()).set(name, value));
      }
      return attributes;
    },
    locate(path) {
      const found = resolve(layers, path);
      return found.kind === 'missing' ? undefined : found.path.split('/').filter(name => name !== '');
    },
  };
}

const text = (names: readonly ByteString[]): string => Buffer.from(names.join('/'), 'latin1').toString();

/** Names of a path as it is written, `..` and `.` resolved. */
export function namesOf(path: string): ByteString[] {
  const names: ByteString[] = [];
  for (const name of byteString(path).split('/'))
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  return names;
}
