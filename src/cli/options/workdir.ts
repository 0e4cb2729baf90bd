import { RefusedValue } from '../grammar/flags.ts';

/** `-w`; the empty one is the image's. @throws {RefusedValue} the reason */
export function readWorkdir(given: string): string | undefined {
  if (given === '') return undefined;
  if (!given.startsWith('/'))
    throw new RefusedValue(
      'bad-workdir',
      `the working directory '${given}' is invalid, it needs to be an absolute path`,
    );
  return given;
}
