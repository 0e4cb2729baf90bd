import fs from 'node:fs';
import path from 'node:path';
import type { Raw } from '../../dockerfile/instructions.ts';
import { nearest } from '../../dockerfile/nearest.ts';
import type { MinidockError } from '../../errors.ts';
import { byteString, textOf } from '../../storage/bytes.ts';
import { resolve } from '../../storage/merged-view.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { type GitAddress, gitAddress } from '../git/address.ts';
import { type Ignore, ignoring, nothingIgnored } from '../ignore.ts';
import type { repack as Repack } from './archive.ts';
import { type Member, membersOf, type Ownership } from './members.ts';
import { ownershipOf } from './ownership.ts';
import { findSources, isLeftOut, namesBeside } from './sources.ts';
import { leavingOut, namesOf, type Tree } from './tree.ts';
import { isUrl } from './url.ts';
import type { CopyWork } from './work.ts';

/** A file, or a tree, and what it is called in the image. */
export interface Copied {
  readonly isDirectory: boolean;
  /** What it is known by. */
  readonly members: () => Iterable<Member>;
  /** Of an archive that is unpacked: what it becomes, without an archive's end. */
  readonly pack?: () => AsyncIterable<Buffer>;
}

export interface Copies {
  readonly copied: readonly Copied[];
  /** As written, expanded. */
  readonly destination: string;
  /** Directories on the way to the destination that the image lacks. */
  readonly parents: readonly Member[];
}

type Source =
  | {
      readonly kind: 'bytes';
      readonly name: string;
      readonly content: NonNullable<Member['content']>;
      readonly size: number;
      readonly mode: number;
      readonly mtime: number;
    }
  | {
      readonly kind: 'files';
      readonly tree: Tree;
      readonly names: readonly ByteString[];
      readonly name: ByteString | undefined;
      /** The directories that `--parents` makes, and the name in them. */
      readonly written: readonly ByteString[];
      readonly isArchive: boolean;
    };

/** Finds out what a COPY or ADD makes: which files, under which names in the image. */
export async function planCopies(work: CopyWork): Promise<Copies> {
  const { instruction, layers } = work;
  const destination = work.word(instruction.destination);
  const ownership = await ownershipOf(work);
  const sources: Source[] = [];
  for (const source of instruction.sources) sources.push(...(await sourcesOf(work, source)));
  const intoDirectory = /(^|\/)\.?$/.test(destination) || instruction.parents;
  if (sources.length > 1 && !intoDirectory)
    throw work.fail(
      instruction.destination,
      `several files cannot be copied to ${JSON.stringify(destination)}: it is no directory`,
      `write ${destination}/`,
    );
  const place = resolve(layers, byteString(path.posix.resolve('/', work.workingDir, destination)));
  const isArchive = sources.some(source => source.kind === 'files' && source.isArchive);
  const isDirectory = intoDirectory || isArchive || place.kind === 'directory';
  const target: Target = { top: namesOf(textOf(place.path)), kind: place.kind, isDirectory, destination };
  const copied: Copied[] = [];
  for (const source of sources) copied.push(copiedOf(work, source, target, ownership, await attributesOf(source)));
  return { copied, destination, parents: parentsOf(work, target, sources, copied, ownership) };
}

interface Target {
  /** Names of the destination, no link in them. */
  readonly top: readonly ByteString[];
  readonly kind: ReturnType<typeof resolve>['kind'];
  readonly isDirectory: boolean;
  readonly destination: string;
}

async function sourcesOf(work: CopyWork, source: CopyWork['instruction']['sources'][number]): Promise<Source[]> {
  const { tree, instruction } = work;
  if (source.heredoc !== undefined) {
    const { name, expands, content } = source.heredoc;
    const bytes = Buffer.from(expands ? work.lines(content) : content);
    return [{ kind: 'bytes', name, content: bytes, size: bytes.length, mode: 0o644, mtime: work.now }];
  }
  const written = work.word(source);
  // It would be the whole context.
  if (written === '') throw work.fail(source, 'the source is empty once its variables are replaced');
  const git = instruction.kind === 'ADD' ? addressOf(work, source, written) : undefined;
  if (git !== undefined) {
    const { repositoryTree } = await import('./repository.ts');
    const tree = await repositoryTree(work, git);
    return [{ kind: 'files', tree, names: [], name: undefined, written: [], isArchive: false }];
  }
  if (instruction.kind === 'ADD' && isUrl(written)) {
    const { download } = await import('./download.ts');
    const checksum = instruction.checksum && work.word(instruction.checksum);
    const wanted = { url: written, checksum, folder: work.folder, signal: work.abort };
    const { name, file, size, modified } = await download(wanted);
    work.after(() => fs.rmSync(file, { force: true }));
    const content = () => fs.openSync(file, 'r');
    return [{ kind: 'bytes', name, content, size, mode: 0o600, mtime: modified ?? work.now }];
  }
  const found = findSources(tree, written, instruction.parents);
  if (found === undefined)
    throw work.fail(
      source,
      `syntax error in the pattern ${JSON.stringify(written)}`,
      'write [[] for a bracket that is part of a name',
    );
  if (found.length === 0) throw missing(work, source, written);
  const excluded = excludedBy(work);
  const sources: Source[] = [];
  for (const one of found) {
    const { names, name } = one;
    const isFile = tree.look(names)?.isFile() ?? false;
    if (isFile && name !== undefined && excluded.leavesOut(textOf(name))) continue;
    const unpacks = instruction.kind === 'ADD' && isFile && (await isArchive(() => tree.open(names)));
    const wanted = excluded === nothingIgnored ? tree : leavingOut(tree, names, excluded);
    sources.push({ kind: 'files', ...one, tree: wanted, isArchive: unpacks });
  }
  return sources;
}

type Attributes = Awaited<ReturnType<NonNullable<CopyWork['tree']['attributes']>>>;

/** Only ADD looks into files. */
async function isArchive(open: () => number): Promise<boolean> {
  return await (await import('./archive.ts')).isArchive(open);
}

async function* repack(...args: Parameters<typeof Repack>): AsyncGenerator<Buffer> {
  yield* (await import('./archive.ts')).repack(...args);
}

/** Extended attributes of what is copied, such as capabilities; none of the context's. */
async function attributesOf(source: Source): Promise<Attributes> {
  if (source.kind !== 'files' || source.tree.attributes === undefined) return new Map();
  const { tree } = source;
  const files: (readonly ByteString[])[] = [];
  const todo = [source.names];
  for (let names = todo.pop(); names !== undefined; names = todo.pop()) {
    const stats = tree.look(names);
    if (stats?.isFile()) files.push(names);
    if (stats?.isDirectory()) for (const name of tree.list(names)) todo.push([...names, name]);
  }
  return await source.tree.attributes(files);
}

function copiedOf(
  work: CopyWork,
  source: Source,
  target: Target,
  ownership: Ownership,
  attributes: Attributes,
): Copied {
  const { instruction } = work;
  const { top, isDirectory, destination } = target;
  if (source.kind === 'bytes') {
    const { name, content, size, mode, mtime } = source;
    if (isDirectory && name === '')
      throw work.fail(instruction.destination, 'the URL has no file name', `write ${destination}NAME`);
    const at = isDirectory ? [...top, byteString(name)] : top;
    const entry = {
      ...entryOf(at, ownership, mtime, 'file'),
      mode: ownership.mode?.(mode, false) ?? mode,
      size,
    };
    return { isDirectory: false, members: () => [{ entry, content }] };
  }
  const { tree, names, name, written } = source;
  const open = () => tree.open(names);
  if (source.isArchive) {
    const whole = {
      entry: { ...entryOf(names, ownership, 0, 'file'), mode: 0, size: tree.look(names)!.size },
      content: open,
    };
    return { isDirectory: true, members: () => [whole], pack: () => repack(open, top.join('/'), ownership) };
  }
  const isTree = tree.look(names)?.isDirectory() ?? false;
  if (isTree && target.kind !== 'missing' && target.kind !== 'directory')
    throw work.fail(
      instruction.destination,
      `cannot copy a directory over ${JSON.stringify(destination)}, which is a file`,
    );
  const kept = instruction.parents ? written : isTree || !isDirectory || name === undefined ? [] : [name];
  const as = [...top, ...kept].join('/');
  // The directory itself: one that is there keeps its owner and mode, a new one is like those that are made on the way.
  const { uid, gid } = ownership.owner ?? { uid: 0, gid: 0 };
  const keepsTop = target.kind === 'directory';
  return {
    isDirectory: isTree,
    members: function* () {
      for (const member of membersOf(tree, names, as, ownership, attributes)) {
        const isTop = isTree && !instruction.parents && member.entry.name === as;
        if (!isTop) yield member;
        else if (!keepsTop) yield { entry: { ...member.entry, mode: 0o755, uid, gid } };
      }
    },
  };
}

/** Directories that are made because the image lacks them: on the way to the destination, itself where it becomes one, and for `--parents`. */
function parentsOf(
  { layers, now, instruction }: CopyWork,
  { top, isDirectory }: Target,
  sources: readonly Source[],
  copied: readonly Copied[],
  ownership: Ownership,
): Member[] {
  const isMade = isDirectory && (instruction.parents || copied.some(one => !one.isDirectory || one.pack !== undefined));
  const made = isMade ? top : top.slice(0, -1);
  const modes = new Map<ByteString, number>();
  for (const end of made.keys()) modes.set(made.slice(0, end + 1).join('/'), 0o755);
  if (instruction.parents)
    for (const source of sources)
      for (const { name, mode } of source.kind === 'files' ? above(source) : [])
        modes.set([...top, ...name].join('/'), mode);
  return [...modes]
    .filter(([name]) => resolve(layers, `/${name}`).kind === 'missing')
    .map(([name, mode]) => ({ entry: { ...entryOf([name], ownership, now, 'directory'), mode } }));
}

/** The directories above a source, as they are where it comes from. */
function above({ tree, written, names }: Source & { kind: 'files' }): { name: readonly ByteString[]; mode: number }[] {
  const skipped = names.length - written.length;
  return written.slice(0, -1).map((_, end) => {
    const stats = tree.look(names.slice(0, skipped + end + 1));
    return { name: written.slice(0, end + 1), mode: stats?.isDirectory() ? stats.mode & 0o7777 : 0o755 };
  });
}

function entryOf(names: readonly ByteString[], { owner }: Ownership, mtime: number, type: 'file' | 'directory') {
  const empty = { target: '', size: 0, major: 0, minor: 0, xattrs: new Map<string, Buffer>() };
  return { ...empty, type, name: names.join('/'), uid: owner?.uid ?? 0, gid: owner?.gid ?? 0, mtime };
}

/** The repository that a source of ADD is; what is wrong in its address is told in its line. */
function addressOf(work: CopyWork, source: Raw, written: string): GitAddress | undefined {
  try {
    return gitAddress(written, 'ADD');
  } catch (error) {
    throw work.fail(source, (error as MinidockError).message, (error as MinidockError).fix);
  }
}

/** What `--exclude` says: patterns as .dockerignore has them, for paths in the directory that is copied. */
function excludedBy({ instruction: { exclude }, word, fail }: CopyWork): Ignore {
  if (exclude.length === 0) return nothingIgnored;
  const lines = exclude.map(word);
  return ignoring(lines, (index, reason, fix) =>
    fail(exclude[index], `${reason}: ${JSON.stringify(lines[index])}`, fix),
  );
}

function missing(work: CopyWork, source: Raw, written: string): Error {
  const reason = `${JSON.stringify(written)} is not in ${work.tree.what}`;
  if (isLeftOut(work.tree, written)) return work.fail(source, `${reason}: .dockerignore leaves it out`);
  if (/^\.\.(\/|$)/.test(path.posix.normalize(written)))
    return work.fail(
      source,
      reason,
      'no file outside of it can be copied: name a directory above, and the Dockerfile by -f',
    );
  const beside = namesBeside(work.tree, written).map(textOf);
  const near = nearest(written.replace(/^(\.?\/)+/, ''), beside);
  const fix =
    near !== undefined
      ? `did you mean ${near}?`
      : beside.length > 0
        ? `there ${beside.length === 1 ? 'is' : 'are'} ${beside.slice(0, 8).join(', ')}`
        : undefined;
  return work.fail(source, reason, fix);
}
