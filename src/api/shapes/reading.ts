import { MinidockError } from '../../errors.ts';

/**
 * Runs a reader of what flags say, for what a request says.
 *
 * @throws {MinidockError} `invalid-argument` with the reader's reason
 */
export function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MinidockError || !(error instanceof Error)) throw error;
    throw new MinidockError('invalid-argument', error.message, { cause: error });
  }
}
