import type { Network } from '../../../engine/nouns/networks.ts';
import { MinidockError } from '../../../errors.ts';
import { hasLabels } from '../../../image/match.ts';

export const networkFilters = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

/**
 * Applies `--filter` of `network ls`: of one key one value must fit, of labels each. A name or an id fits where it contains the
 * value.
 *
 * @throws {MinidockError} `invalid-filter`
 */
export function filterNetworks(
  networks: readonly Network[],
  filters: ReadonlyMap<string, readonly string[]>,
): readonly Network[] {
  const fits = (key: string, isFit: (value: string) => boolean) => filters.get(key)?.some(isFit) ?? true;
  for (const type of filters.get('type') ?? [])
    if (type !== 'custom' && type !== 'builtin')
      throw new MinidockError('invalid-filter', `invalid filter: 'type'='${type}'`, {
        fix: 'write type=custom or type=builtin',
      });
  const dangling = filters.get('dangling')?.map(isYes).at(-1);
  return networks.filter(
    ({ name, id, driver, predefined, labels, endpoints }) =>
      fits('name', part => name.includes(part)) &&
      fits('id', part => id.includes(part)) &&
      fits('driver', value => driver === value) &&
      fits('scope', value => value === 'local') &&
      fits('type', value => (value === 'builtin') === predefined) &&
      hasLabels({ config: { Labels: { ...labels } } }, filters.get('label') ?? []) &&
      (dangling === undefined || dangling === (!predefined && endpoints.length === 0)),
  );
}

function isYes(value: string): boolean {
  if (/^(1|true)$/i.test(value)) return true;
  if (/^(0|false)$/i.test(value)) return false;
  throw new MinidockError(
    'invalid-filter',
    `invalid value for filter 'dangling', must be "true" (or "1"), or "false" (or "0")`,
    { fix: 'write dangling=true or dangling=false' },
  );
}
