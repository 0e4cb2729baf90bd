import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { readIfPresent, writeVolatile } from '../../state/files.ts';
import { enginePaths, type Roots } from '../../state/paths.ts';
import type { ExecOptions } from '../nouns/execs.ts';

/** An exec that was made and not started yet, as it is kept under the exec root. */
export interface ExecRecord {
  readonly id: string;
  /** Full id. */
  readonly container: string;
  readonly options: ExecOptions;
}

export function writeExec(roots: Roots, record: ExecRecord): void {
  const { execs } = enginePaths(roots);
  fs.mkdirSync(execs, { recursive: true, mode: 0o700 });
  writeVolatile(path.join(execs, record.id), JSON.stringify(record), 0o600);
}

/** Throws `no-such-exec` for one that does not exist, or was started. */
export function readExec(roots: Roots, id: string): ExecRecord {
  const text = /^[0-9a-f]{64}$/.test(id) ? readIfPresent(path.join(enginePaths(roots).execs, id)) : undefined;
  if (text === undefined) throw new MinidockError('no-such-exec', `No such exec instance: ${id}`);
  return JSON.parse(text) as ExecRecord;
}

export function forgetExec(roots: Roots, id: string): void {
  fs.rmSync(path.join(enginePaths(roots).execs, id), { force: true });
}
