import type { ContainerRecord } from '../../../container/record.ts';
import { MinidockError } from '../../../errors.ts';
import { hasLabels } from '../../../image/match.ts';
import { matchesPattern } from '../pattern.ts';
import { portsOf } from './ports.ts';
import { networkNames, statusName } from './status.ts';

type Test = (record: ContainerRecord, value: string) => boolean;
type Filters = ReadonlyMap<string, readonly string[]>;

const tests: Readonly<Record<string, Test>> = {
  // With its slash or without.
  name: ({ name }, value) => matchesPattern(name, value) || matchesPattern(`/${name}`, value),
  id: ({ id }, value) => value !== '' && id.startsWith(value),
  status: ({ state }, value) => statusName(state) === value,
  exited: ({ state }, value) => state.status === 'exited' && state.exitCode === Number(value),
  label: ({ config }, value) => hasLabels({ config }, [value]),
  network: (record, value) =>
    networkNames(record).includes(value) ||
    (value !== '' && record.network.endpoints.some(({ networkId }) => networkId?.startsWith(value))),
  volume: ({ mounts }, value) =>
    mounts.some(({ name, source, destination }) => value === destination || value === (name ?? source)),
  health: ({ state }, value) => ((state as { health?: { status: string } }).health?.status ?? 'none') === value,
  // Of a container that Swarm runs.
  'is-task': (_, value) => /^(0|f)/i.test(value),
  isolation: () => true,
  expose: (record, value) => portsOf(record).some(port => within(value, port.containerPort, port.protocol)),
  publish: (record, value) => portsOf(record).some(port => within(value, port.hostPort ?? 0, port.protocol)),
};

/** What `ps --filter` may ask for. */
export const containerFilters = [...Object.keys(tests), 'ancestor', 'before', 'since'];

/** What Docker's containers can be; ours are some of these. */
const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const healths = ['none', 'starting', 'healthy', 'unhealthy'];

/** Keys of which any may hold, of one kind: a port that is published or exposed. */
const together = ['publish', 'expose'];

/**
 * Of one key any value may hold, of several keys each must; of labels, as in Docker, all, and of `publish` and `expose` either.
 *
 * @param ancestor whether a container was made from an image: what records alone do not tell
 * @throws {MinidockError} `invalid-filter` for a value that no container could have
 */
export function containerFilter(filters: Filters, ancestor: Test): (record: ContainerRecord) => boolean {
  check(filters, 'status', value => states.includes(value), `status is ${states.join(', ')}`);
  check(filters, 'exited', value => /^[+-]?\d+$/.test(value), 'exited is an exit code, 0 to 255');
  check(filters, 'health', value => healths.includes(value), `health is ${healths.join(', ')}`);
  check(filters, 'is-task', value => boolean.test(value), 'is-task is true or false');
  for (const key of together)
    check(filters, key, value => readPorts(value) !== undefined, `${key} is PORT[-PORT][/udp]`);
  const all: Readonly<Record<string, Test>> = { ...tests, ancestor };
  const keys = [...filters.keys()].filter(key => key in all && !together.includes(key));
  return record => {
    const holds = (key: string) => (value: string) => all[key]!(record, value);
    const ports = together.flatMap(key => (filters.get(key) ?? []).map(holds(key)));
    return (
      keys.every(key => (key === 'label' ? filters.get(key)!.every(holds(key)) : filters.get(key)!.some(holds(key)))) &&
      (ports.length === 0 || ports.includes(true))
    );
  };
}

const boolean = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

/**
 * Those of a list, newest first, that were made before the one container and after the other, of several of the last one named.
 * `find` gives the id of what is named.
 */
export async function between(
  records: readonly ContainerRecord[],
  filters: Filters,
  find: (reference: string) => Promise<string>,
): Promise<readonly ContainerRecord[]> {
  const place = async (key: string) => {
    const reference = filters.get(key)?.at(-1);
    if (reference === undefined) return undefined;
    const id = await find(reference);
    return records.findIndex(record => record.id === id);
  };
  const before = await place('before');
  const since = await place('since');
  return records.slice(before === undefined ? 0 : before + 1, since);
}

function check(filters: Filters, key: string, isValid: (value: string) => boolean, fix: string): void {
  const wrong = filters.get(key)?.find(value => !isValid(value));
  if (wrong !== undefined) throw new MinidockError('invalid-filter', `invalid filter '${key}=${wrong}'`, { fix });
}

/** `80`, `8000-8010/udp`; undefined for what is none. */
function readPorts(given: string): { first: number; last: number; protocol: string } | undefined {
  const [, first, last = first, protocol = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(given) ?? [];
  if (first === undefined || Number(last) > 65535 || Number(last) < Number(first)) return undefined;
  return { first: Number(first), last: Number(last), protocol };
}

function within(value: string, port: number, protocol: string): boolean {
  const range = readPorts(value)!;
  return range.protocol === protocol && port >= range.first && port <= range.last;
}
