import type { ContainerRecord } from '../../../container/record.ts';
import { MinidockError } from '../../../errors.ts';
import { hasLabels } from '../../../image/match.ts';
import { statusName } from './row.ts';

type Test = (record: ContainerRecord, value: string) => boolean;

const tests: Readonly<Record<string, Test>> = {
  name: ({ name }, value) => matchesName(name, value),
  id: ({ id }, value) => id.startsWith(value),
  status: ({ state }, value) => statusName(state) === value,
  exited: ({ state }, value) => state.status === 'exited' && state.exitCode === Number(value),
  label: ({ config }, value) => hasLabels({ config }, [value]),
  network: ({ network }, value) => network.mode === value,
  volume: ({ mounts }, value) =>
    mounts.some(({ name, source, destination }) => value === destination || value === (name ?? source)),
};

/** What `ps --filter` may ask for. */
export const containerFilters = [...Object.keys(tests), 'ancestor'];

/** What Docker's containers can be; ours are some of these. */
const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];

/**
 * Of one key any value may hold, of several keys each must; of labels, as in Docker, all.
 *
 * @param ancestor whether a container was made from an image: what records alone do not tell
 * @throws {MinidockError} `invalid-filter` for a value that no container could have
 */
export function containerFilter(
  filters: ReadonlyMap<string, readonly string[]>,
  ancestor: Test,
): (record: ContainerRecord) => boolean {
  check(filters, 'status', value => states.includes(value), `status is ${states.join(', ')}`);
  check(filters, 'exited', value => /^\d+$/.test(value), 'exited is an exit code, 0 to 255');
  const all: Readonly<Record<string, Test>> = { ...tests, ancestor };
  return record =>
    [...filters].every(([key, values]) => {
      const holds = (value: string) => all[key]!(record, value);
      return key === 'label' ? values.every(holds) : values.some(holds);
    });
}

function check(
  filters: ReadonlyMap<string, readonly string[]>,
  key: string,
  isValid: (value: string) => boolean,
  fix: string,
): void {
  const wrong = filters.get(key)?.find(value => !isValid(value));
  if (wrong !== undefined) throw new MinidockError('invalid-filter', `invalid filter '${key}=${wrong}'`, { fix });
}

/** Docker takes the value for a regular expression, and the name with its slash or without. */
function matchesName(name: string, value: string): boolean {
  try {
    const pattern = new RegExp(value);
    return pattern.test(name) || pattern.test(`/${name}`);
  } catch {
    return name.includes(value);
  }
}
