import { parseArgs } from 'node:util';
import { MinidockError } from '../../errors.ts';

export const usage = `Usage: npm run handbook [-- --out FOLDER | --live]

  npm run handbook                 make the site in handbook/
  npm run handbook -- --out DIR    make it in another folder
  npm run handbook -- --live       serve it to this machine only: its pages
                                   perform their programs here, call by call`;

export interface HandbookOptions {
  readonly out?: string;
  readonly live: boolean;
  readonly help: boolean;
}

/** Throws `usage`. */
export function parseHandbook(argv: readonly string[]): HandbookOptions {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        out: { type: 'string', short: 'o' },
        live: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.live && values.out !== undefined)
      throw new Error('--live serves a site that it makes for itself: leave --out away');
    if (values.out === '') throw new Error('--out needs the name of a folder');
    return values;
  } catch (error) {
    const [line] = (error as Error).message.split('\n');
    throw new MinidockError('usage', line!.replace(/\. .*/, ''), { fix: 'npm run handbook -- --help' });
  }
}
