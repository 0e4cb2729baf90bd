import { MinidockError } from '../../../errors.ts';
import type { Found } from '../../../registry/search.ts';

/** What `search --filter` may ask for. */
export const searchFilters = ['stars', 'is-official', 'is-automated'];

/** @throws {MinidockError} `invalid-filter` for a value that says nothing, before anyone is asked */
export function searchFilter(filters: ReadonlyMap<string, readonly string[]>): (found: Found) => boolean {
  const least = (filters.get('stars') ?? []).map(value => {
    if (!/^\d+$/.test(value)) throw wrong('stars', value, 'say how many stars at least: stars=3');
    return Number(value);
  });
  const truth = (key: string) =>
    (filters.get(key) ?? []).map(value => {
      if (!/^(true|false|1|0)$/.test(value)) throw wrong(key, value, 'say true or false');
      return value === 'true' || value === '1';
    });
  const [official, automated] = [truth('is-official'), truth('is-automated')];
  return found =>
    least.every(count => found.stars >= count) &&
    official.every(value => found.official === value) &&
    automated.every(value => found.automated === value);
}

function wrong(key: string, value: string, fix: string): MinidockError {
  return new MinidockError('invalid-filter', `invalid filter '${key}=${value}'`, { fix });
}
