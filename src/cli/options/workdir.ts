import { RefusedValue } from '../grammar/flags.ts';

/** `-w`. @throws {RefusedValue} the reason */
export function readWorkdir(given: string): string {
  if (!given.startsWith('/'))
    throw new RefusedValue(
      'bad-workdir',
      `the working directory '${given}' is invalid, it needs to be an absolute path`,
    );
  return given;
}
