import fs from 'node:fs';
import path from 'node:path';
import { readIfPresent } from '../state/files.ts';

/** Metadata of a volume. A volume that `run` made implicitly has none. */
export interface VolumeNotes {
  labels: Readonly<Record<string, string>>;
  options?: Readonly<Record<string, string>>;
}

const file = (folder: string) => path.join(folder, 'volume.json');

/** @param folder the volume's own: it holds `_data` */
export function readNotes(folder: string): VolumeNotes | undefined {
  const text = readIfPresent(file(folder));
  return text === undefined ? undefined : (JSON.parse(text) as VolumeNotes);
}

/** To be called before the folder is renamed to the volume's name: a volume appears complete. */
export function writeNotes(folder: string, notes: VolumeNotes): void {
  fs.writeFileSync(file(folder), `${JSON.stringify(notes)}\n`, { mode: 0o600 });
}
