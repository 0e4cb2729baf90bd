import { once } from 'node:events';
import { Readable } from 'node:stream';
import { errnoOf, MinidockError } from '../../errors.ts';
import { systemPath } from '../../host/programs.ts';
import { startProcess } from '../../syscalls/start-process.ts';
import { corrupt } from './corrupt.ts';
import type { Compression } from './formats.ts';

export interface HostProgram {
  command: [name: string, ...args: string[]];
  /** The commands that install it, for whoever does not have it. */
  install: string;
}

/**
 * Decompresses through a program of the host, which reads stdin and writes stdout.
 *
 * @throws {MinidockError} `corrupt-data` with the program's own words; `unknown-compression` where it is not installed
 */
export async function* throughProgram(
  { command: [program, ...args], install }: HostProgram,
  input: AsyncIterable<Buffer>,
  name: string,
  compression: Compression,
): AsyncGenerator<Buffer> {
  const child = startProcess(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: systemPath, LC_ALL: 'C' },
  });
  const ended = once(child, 'close').catch(error => error as Error);
  let failure: unknown;
  let said = '';
  child.stderr.on('data', chunk => {
    said = (said + chunk).slice(0, 500);
  });
  const source = Readable.from(input);
  source.on('error', error => {
    failure = error;
    child.stdin.destroy();
  });
  // The program closes its input when it has failed. The failure is reported by its exit code.
  child.stdin.on('error', () => {});
  source.pipe(child.stdin);
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const end = await ended;
    if (failure !== undefined) throw failure;
    if (end instanceof Error) throw explainStart(end, `${name} is compressed with ${compression}`, program, install);
    // bzip2 succeeds and says so where bytes follow the end of the stream; Go, and so Docker, takes that for an error.
    if (end[0] !== 0 || said !== '')
      throw corrupt(name, compression, said.trim().split('\n', 1)[0] || `${program} failed`);
  } finally {
    source.destroy();
    child.kill('SIGKILL');
    await ended;
  }
}

function explainStart(error: Error, what: string, program: string, install: string): unknown {
  if (errnoOf(error) !== 'ENOENT') return error;
  return new MinidockError(
    'unknown-compression',
    `${what}, and the program ${program}, which reads it, is not installed`,
    { cause: error, fix: `install it (${install}), or compress with gzip` },
  );
}
