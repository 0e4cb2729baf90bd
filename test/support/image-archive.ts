import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { TarEntry } from '../../src/storage/tar/header.ts';
import { TarReader } from '../../src/storage/tar/reader.ts';

/** One image of an unpacked archive of `docker save`. */
export interface ArchivedImage {
  /** A line a file that the image does not share with its base: kind, mode, owner, size, content, links, attributes. */
  readonly files: readonly string[];
  readonly config: Record<string, unknown>;
  readonly history: readonly { created_by?: string; empty_layer?: boolean }[];
}

interface File {
  line: string;
  names: string[];
}
type Files = Map<string, File>;

/** Times before this are those of the context; later ones say when it was built. */
const buildTimes = 1_650_000_000;

/** The images of an archive, by their names. What they share with the image `base`, which is one of them, is left out. */
export function readArchive(folder: string, base: string): Map<string, ArchivedImage> {
  const layers = new Map<string, Entry[]>();
  const entriesOf = (path: string) => {
    const real = realpathSync(join(folder, path));
    const known = layers.get(real) ?? readLayer(real);
    layers.set(real, known);
    return known;
  };
  const manifest: { Config: string; RepoTags: string[]; Layers: string[] }[] = JSON.parse(
    readFileSync(join(folder, 'manifest.json'), 'utf8'),
  );
  const tagsOf = (tags: readonly string[] | null) =>
    (tags ?? []).map(tag => tag.replace(/^(localhost|docker\.io\/library)\//, ''));
  const shared = manifest.find(({ RepoTags }) => tagsOf(RepoTags).includes(base))!;
  const sharedLayers = new Set(shared.Layers.map(path => realpathSync(join(folder, path))));
  const isShared = (path: string) => sharedLayers.has(realpathSync(join(folder, path)));
  const images = new Map<string, ArchivedImage>();
  for (const { Config, RepoTags, Layers } of manifest) {
    const { config, history } = JSON.parse(readFileSync(join(folder, Config), 'utf8'));
    const below: Files = new Map();
    const all: Files = new Map();
    for (const path of Layers) {
      if (isShared(path)) apply(below, entriesOf(path));
      apply(all, entriesOf(path));
    }
    const image = { config: config ?? {}, history: history ?? [], files: difference(below, all) };
    for (const tag of tagsOf(RepoTags)) images.set(tag, image);
  }
  return images;
}

interface Entry {
  readonly entry: TarEntry;
  readonly digest: string;
}

function readLayer(path: string): Entry[] {
  const entries: Entry[] = [];
  let hash = createHash('sha256');
  const reader = new TarReader({
    entry: () => {
      hash = createHash('sha256');
    },
    data: chunk => void hash.update(chunk),
    end: entry => void entries.push({ entry, digest: hash.digest('hex').slice(0, 12) }),
  });
  reader.write(readFileSync(path));
  reader.finish();
  return entries;
}

/** Lays a layer over what is there, whiteouts first: OCI image-spec, layer.md. */
function apply(files: Files, entries: readonly Entry[]): void {
  const pathOf = (name: string) => name.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
  const remove = (path: string) => {
    for (const one of [...files.keys()]) if (one === path || one.startsWith(`${path}/`)) files.delete(one);
  };
  for (const { entry } of entries) {
    const [, above = '', name = ''] = /^(?:(.*)\/)?\.wh\.(.*)$/.exec(pathOf(entry.name)) ?? [];
    if (name === '.wh..opq') {
      for (const one of [...files.keys()]) if (one.startsWith(`${above}/`)) files.delete(one);
    } else if (name !== '') remove(above === '' ? name : `${above}/${name}`);
  }
  for (const { entry, digest } of entries) {
    const path = pathOf(entry.name);
    if (path === '' || /(^|\/)\.wh\./.test(path)) continue;
    const linked = entry.type === 'link' ? files.get(pathOf(entry.target)) : undefined;
    if (entry.type !== 'directory' && files.has(path)) remove(path);
    if (linked !== undefined) files.set(path, linked);
    else files.set(path, { line: lineOf(entry, digest), names: [] });
  }
}

function lineOf({ type, mode, uid, gid, size, target, mtime, major, minor, xattrs }: TarEntry, digest: string): string {
  const facts = [type, type === 'symlink' ? '' : mode.toString(8), `${uid}:${gid}`];
  if (type === 'file') facts.push(`${size} bytes`, digest);
  if (type === 'symlink') facts.push(`-> ${target}`);
  if (type === 'character' || type === 'block') facts.push(`${major},${minor}`);
  if (type === 'file' && mtime < buildTimes) facts.push(`at ${Math.floor(mtime)}`);
  for (const [name, value] of [...xattrs].sort()) facts.push(`${name}=${value.toString('hex')}`);
  return facts.filter(fact => fact !== '').join(' ');
}

/** What lies over the base, and what is gone of it. */
function difference(below: Files, all: Files): string[] {
  const names = new Map<File, string[]>();
  for (const [path, file] of all) names.set(file, [...(names.get(file) ?? []), path]);
  const lines = [...all].flatMap(([path, file]) => {
    if (below.get(path)?.line === file.line) return [];
    const others = names.get(file)!.filter(name => name !== path);
    return [`${path}: ${file.line}${others.length > 0 ? ` = ${others.sort().join(' = ')}` : ''}`];
  });
  const gone = [...below.keys()].filter(path => !all.has(path)).map(path => `${path}: gone`);
  return [...lines, ...gone].sort();
}
