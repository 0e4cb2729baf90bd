import type { Event } from '../../../state/journal.ts';

type Filters = ReadonlyMap<string, readonly string[]>;
type Test = (event: Event, values: readonly string[]) => boolean;

/** Docker's way with names and ids: the beginning is enough. */
const begins =
  (key: string): Test =>
  ({ id, attributes }, values) =>
    values.some(
      value => id.startsWith(value) || attributes.name?.startsWith(value) || attributes[key]?.startsWith(value),
    );

const none: Test = () => false;

const tests: Readonly<Record<string, Test>> = {
  config: none,
  container: begins('container'),
  daemon: none,
  event: ({ action }, values) => values.some(value => (isFuzzy(value) ? action.startsWith(value) : action === value)),
  image: ({ type, id, attributes }, values) => {
    const name = attributes[type === 'image' ? 'name' : 'image'] ?? '';
    return values.some(value => [id, name, untagged(id), untagged(name)].includes(value));
  },
  label: ({ attributes }, values) => values.every(value => hasLabel(attributes, value)),
  network: begins('network'),
  node: none,
  plugin: none,
  scope: (_, values) => values.includes('local'),
  secret: none,
  service: none,
  type: ({ type }, values) => values.includes(type),
  volume: begins('volume'),
};

/** What `events --filter` may ask for. Of Docker's kinds that nothing here has, no event is one. */
export const eventFilters = Object.keys(tests);

/** Of one key any value may hold, of several keys each must; of labels, as in Docker, all. */
export const eventFilter = (filters: Filters) => (event: Event) =>
  [...filters].every(([key, values]) => tests[key]!(event, values));

/** Actions that end in something of their own: `exec_start: sh`. */
const isFuzzy = (wanted: string) => ['exec_create', 'exec_start', 'health_status'].includes(wanted);

const untagged = (name: string) => name.replace(/:[^:/]*$/, '');

function hasLabel(attributes: Readonly<Record<string, string>>, wanted: string): boolean {
  const [key = '', ...rest] = wanted.split('=');
  return rest.length === 0 ? Object.hasOwn(attributes, key) : attributes[key] === rest.join('=');
}
