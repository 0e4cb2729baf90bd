import type { Volume } from '../../../engine/nouns/volumes.ts';
import { MinidockError } from '../../../errors.ts';
import { hasLabels } from '../../../image/match.ts';
import { matchesPattern } from '../pattern.ts';

export const volumeFilters = ['dangling', 'driver', 'label', 'name'];

/**
 * Applies `--filter` of `volume ls`: of names and drivers one must fit, of labels each. To Docker a name is a regular expression.
 *
 * @throws {MinidockError} `invalid-filter`
 */
export function filterVolumes(
  volumes: readonly Volume[],
  filters: ReadonlyMap<string, readonly string[]>,
): readonly Volume[] {
  const of = (key: string) => filters.get(key) ?? [];
  const dangling = danglingOf(of('dangling'));
  return volumes.filter(
    ({ name, labels, containers }) =>
      (of('name').length === 0 || of('name').some(pattern => matchesPattern(name, pattern))) &&
      (of('driver').length === 0 || of('driver').includes('local')) &&
      hasLabels({ config: { Labels: { ...labels } } }, of('label')) &&
      (dangling === undefined || dangling === (containers.length === 0)),
  );
}

function danglingOf(values: readonly string[]): boolean | undefined {
  if (values.length === 0) return undefined;
  const [value] = values;
  if (values.length === 1 && /^(1|true)$/i.test(value!)) return true;
  if (values.length === 1 && /^(0|false)$/i.test(value!)) return false;
  throw new MinidockError('invalid-filter', `invalid filter 'dangling=[${values.join(' ')}]'`, {
    fix: 'write dangling=true or dangling=false',
  });
}
