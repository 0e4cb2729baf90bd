import { MinidockError } from '../../errors.ts';
import type { Filters } from '../server/query.ts';
import { readInstant } from './instant.ts';

/**
 * The times that `until` names, in milliseconds since 1970: one, as with Docker, or none.
 *
 * @throws {MinidockError} `invalid-argument`
 */
export function untilIn(filters: Filters): number[] {
  const times = filters.get('until') ?? [];
  if (times.length > 1) throw new MinidockError('invalid-argument', 'more than one until filter specified');
  return times.map(time => readInstant(time).getTime());
}
