import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { explainWrite } from '../../storage/failure.ts';

/**
 * Writes a file of the user's that appears whole or not at all.
 *
 * @param what for errors: `save image`
 * @param mode of the file, less what the umask says; an image may hold what is not for everybody
 * @throws {MinidockError} `invalid-output`, `no-space`, `store-failed`
 */
export async function writeWhole(
  file: string,
  what: string,
  fill: (write: (chunk: Buffer) => void) => Promise<void>,
  mode = 0o600,
): Promise<void> {
  checkPlace(file, what);
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  // Ctrl-C leaves nothing either.
  const clean = () => fs.rmSync(temporary, { force: true });
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  process.once('exit', clean);
  try {
    const fd = fs.openSync(temporary, 'wx', mode);
    try {
      await fill(chunk => {
        for (let at = 0; at < chunk.length; ) at += fs.writeSync(fd, chunk, at);
      });
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    throw explainWrite(error, `writing ${file}`);
  } finally {
    clean();
  }
}

function checkPlace(file: string, what: string): void {
  const refuse = (reason: string) =>
    new MinidockError('invalid-output', `failed to ${what}: invalid output path: ${reason}`);
  const directory = path.dirname(file);
  if (!fs.existsSync(directory)) throw refuse(`directory ${JSON.stringify(directory)} does not exist`);
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat?.isDirectory()) throw refuse(`${JSON.stringify(file)} is a directory`);
  if (stat !== undefined && !stat.isFile()) throw refuse(`${JSON.stringify(file)} is a device or a pipe`);
}
