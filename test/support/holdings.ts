import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from './minidock.ts';

/** What an image store holds, without its locks. */
export function holdings(box: Sandbox): { blobs: string[]; layers: string[]; partial: string[] } {
  const list = (path: string) => (existsSync(join(box.root, path)) ? readdirSync(join(box.root, path)).sort() : []);
  return { blobs: list('images/blobs/sha256'), layers: list('layers'), partial: list('images/.partial') };
}

export const nothing = { blobs: [], layers: [], partial: [] };
