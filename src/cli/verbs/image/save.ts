import fs from 'node:fs';
import path from 'node:path';
import { isatty } from 'node:tty';
import { MinidockError } from '../../../errors.ts';
import { explainWrite } from '../../../storage/failure.ts';
import { text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] IMAGE [IMAGE...]',
  flags: { output: text('Write to this file and not to standard output', { short: 'o', completes: 'files' }) },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['images'],
  async run(context, flags, names) {
    if (flags.output === undefined && isatty(1)) {
      throw new MinidockError('refused', 'cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    const { images } = await context.engine();
    if (flags.output === undefined) await images.save(names, chunk => context.output.out(chunk));
    else await toFile(flags.output, write => images.save(names, write));
    return 0;
  },
});

/** The file appears whole or not at all. */
async function toFile(file: string, fill: (write: (chunk: Buffer) => void) => Promise<void>): Promise<void> {
  checkPlace(file);
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  // Ctrl-C leaves nothing either.
  const clean = () => fs.rmSync(temporary, { force: true });
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  process.once('exit', clean);
  try {
    const fd = fs.openSync(temporary, 'wx', 0o600);
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
    throw explainWrite(error, `saving to ${file}`);
  } finally {
    clean();
  }
}

function checkPlace(file: string): void {
  const refuse = (reason: string) =>
    new MinidockError('invalid-output', `failed to save image: invalid output path: ${reason}`);
  const directory = path.dirname(file);
  if (!fs.existsSync(directory)) throw refuse(`stat ${directory}: no such file or directory`);
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat?.isDirectory()) throw refuse(`${JSON.stringify(file)} is a directory`);
  if (stat !== undefined && !stat.isFile()) throw refuse(`${JSON.stringify(file)} is a device or a pipe`);
}
