import fs from 'node:fs';
import path from 'node:path';
import { byteString, pathOf, textOf } from '../storage/bytes.ts';
import { resolve } from '../storage/merged-view.ts';
import type { ByteString } from '../storage/tar/header.ts';

type Inputs = Readonly<Record<string, string>>;

/** What is not as it was when the same instruction ran the last time; undefined where all is, or nothing is known. */
export function whatChanged(before: Inputs | undefined, now: Inputs): string | undefined {
  if (before === undefined) return undefined;
  const names = Object.keys(now);
  const reasons = [
    some(
      names.filter(name => before[name] !== undefined && before[name] !== now[name]),
      'changed',
    ),
    some(
      names.filter(name => before[name] === undefined),
      'added',
    ),
    some(
      Object.keys(before).filter(name => now[name] === undefined),
      'removed',
    ),
  ];
  return reasons.filter(reason => reason !== undefined).join('; ') || undefined;
}

function some(names: readonly string[], what: string): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${names.slice(0, 3).join(', ')}${more} ${what}`;
}

/** So many files of a layer are told by name. */
const named = 10;

/**
 * What a layer holds, a line each, as `diff` tells it: `A /new`, `C /changed`, `D /removed`; before them how many of each there are.
 *
 * @param layer its directory  @param below those of the layers that it lies on, bottom first
 */
export function whatLayerDoes(layer: string, below: readonly string[]): string[] {
  const found: { kind: 'A' | 'C' | 'D'; name: ByteString }[] = [];
  const top = byteString(layer);
  const todo: ByteString[] = [''];
  for (let directory = todo.pop(); directory !== undefined; directory = todo.pop())
    for (const entry of fs.readdirSync(pathOf(`${top}${directory}`), 'latin1').sort()) {
      const name = `${directory}/${entry}`;
      const stats = fs.lstatSync(pathOf(`${top}${name}`));
      const isThere = resolve(below, name, { followLast: false }).kind !== 'missing';
      if (stats.isDirectory()) todo.push(name);
      // overlayfs' whiteout. A directory that was there stands in the layer for what is in it.
      if (stats.isCharacterDevice() && stats.rdev === 0) found.push({ kind: 'D', name });
      else if (!isThere) found.push({ kind: 'A', name });
      else if (!stats.isDirectory()) found.push({ kind: 'C', name });
    }
  const count = (kind: string, word: string) => `${found.filter(one => one.kind === kind).length} ${word}`;
  const more = found.length > named ? [`and ${found.length - named} more`] : [];
  const names = found
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, named)
    .map(({ kind, name }) => `${kind} ${textOf(name)}`);
  return [[count('A', 'added'), count('C', 'changed'), count('D', 'removed')].join(', '), ...names, ...more];
}

/** Directory name of a layer, as it stands under `layers/`: its chain ID. */
export const layerName = (layer: string): string => path.basename(path.dirname(layer)).slice(0, 12);
