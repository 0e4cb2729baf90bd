import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const PREFIX = 'minidock-lesson-';

/**
 * A private directory for one lesson. Its name holds our pid, so that the next lesson removes what a killed one left.
 * Nothing of the host is ever mounted in it: a lesson's mounts live and die in their own mount namespace.
 */
export function makeScratch(): string {
  sweep();
  return fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), `${PREFIX}${process.pid}-`));
}

export function removeScratch(directory: string): void {
  fs.rmSync(directory, { recursive: true, force: true });
}

/** Removes the directories of lessons whose process is gone. */
function sweep(): void {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !fs.existsSync(`/proc/${pid}`)) removeScratch(path.join(os.tmpdir(), name));
  }
}
