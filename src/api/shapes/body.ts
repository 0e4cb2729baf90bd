import { MinidockError } from '../../errors.ts';
import { decodeJson } from '../go/decode.ts';
import type { GoType } from '../go/types.ts';

/**
 * A body that has to be there, as one of Docker's types.
 *
 * @throws {MinidockError} `invalid-argument`, in Docker's words
 */
export function decodeBody<T extends object>(type: GoType, json: string): T {
  if (json.trim() === '') throw new MinidockError('invalid-argument', 'got EOF while reading request body');
  return decodeJson<T | undefined>(type, json) ?? ({} as T);
}
