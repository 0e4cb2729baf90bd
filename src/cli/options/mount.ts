import type { MountRequest } from '../../container/options/storage.ts';
import { readBytes } from '../print/size.ts';

/** A key of `--mount`: what it sets, and the kind of mount that it belongs to. */
interface Key {
  readonly of?: 'bind' | 'volume' | 'tmpfs';
  /** May stand without a value, and is then true. */
  readonly isFlag?: boolean;
  /** @throws {Error} whose message nobody sees: the value is invalid */
  read(value: string, before: MountRequest): Partial<MountRequest>;
}

const sourceKey: Key = { read: value => ({ source: value }) };
const targetKey: Key = { read: value => ({ target: value }) };
const readonlyKey: Key = { isFlag: true, read: value => ({ readonly: truth(value) }) };

const keys: Readonly<Record<string, Key>> = {
  type: { read: value => ({ type: value.toLowerCase() }) },
  source: sourceKey,
  src: sourceKey,
  target: targetKey,
  dst: targetKey,
  destination: targetKey,
  readonly: readonlyKey,
  ro: readonlyKey,
  consistency: { read: value => ({ consistency: value.toLowerCase() }) },
  'bind-propagation': { of: 'bind', read: value => ({ propagation: value.toLowerCase() }) },
  'bind-nonrecursive': { of: 'bind', isFlag: true, read: value => ({ nonRecursive: truth(value) }) },
  'volume-nocopy': { of: 'volume', isFlag: true, read: value => ({ noCopy: truth(value) }) },
  'volume-label': { of: 'volume', read: (value, { labels }) => ({ labels: { ...labels, ...pair(value) } }) },
  'volume-driver': { of: 'volume', read: value => ({ driver: value }) },
  'volume-opt': {
    of: 'volume',
    read: (value, { driverOptions }) => ({ driverOptions: { ...driverOptions, ...pair(value) } }),
  },
  'tmpfs-size': { of: 'tmpfs', read: value => ({ tmpfsSize: readBytes(value) }) },
  'tmpfs-mode': { of: 'tmpfs', read: value => ({ tmpfsMode: octal(value) }) },
};

/**
 * `--mount type=bind,source=/host,target=/there,readonly`: fields of a line of CSV (RFC 4180), so that a quoted one may hold a
 * comma. What a kind of mount needs besides is checked with the container.
 *
 * @throws {Error} the reason, in the words of Docker's client
 */
export function readMount(given: string): MountRequest {
  let mount: MountRequest = { type: 'volume', target: '' };
  const kinds = new Set<string>();
  for (const field of fieldsOf(given)) {
    const equals = field.indexOf('=');
    const name = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const key = Object.hasOwn(keys, name) ? keys[name]! : undefined;
    if (equals < 0 && !key?.isFlag) throw new Error(`invalid field '${field}' must be a key=value pair`);
    if (key === undefined) throw new Error(`unexpected key '${name}' in '${field}'`);
    const value = equals < 0 ? 'true' : field.slice(equals + 1);
    try {
      mount = { ...mount, ...key.read(value, mount) };
    } catch {
      throw new Error(`invalid value for ${name}: ${value}`);
    }
    if (key.of !== undefined) kinds.add(key.of);
  }
  if (mount.type === '') throw new Error('type is required');
  if (mount.target === '') throw new Error('target is required');
  for (const kind of ['volume', 'bind', 'tmpfs'])
    if (kinds.has(kind) && mount.type !== kind)
      throw new Error(`cannot mix '${kind}-*' options with mount type '${mount.type}'`);
  return mount;
}

/** @throws {Error} in the words of Go's encoding/csv */
function fieldsOf(given: string): string[] {
  if (given === '') throw new Error('EOF');
  const fields: string[] = [];
  let rest = given;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(rest);
    const plain = /^[^,]*/.exec(rest)![0];
    const column = given.length - rest.length + 1;
    if (quoted === null && rest.startsWith('"'))
      throw new Error(`parse error on line 1, column ${given.length + 1}: extraneous or missing " in quoted-field`);
    if (quoted === null && plain.includes('"'))
      throw new Error(`parse error on line 1, column ${column + plain.indexOf('"')}: bare " in non-quoted field`);
    fields.push(quoted === null ? plain : quoted[1]!.replaceAll('""', '"'));
    rest = rest.slice((quoted?.[0] ?? plain).length);
    if (rest === '') return fields;
    rest = rest.slice(1);
  }
}

function truth(value: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw new Error(value);
}

function octal(value: string): number {
  if (!/^[0-7]{1,11}$/.test(value)) throw new Error(value);
  return Number.parseInt(value, 8);
}

function pair(value: string): Record<string, string> {
  const equals = value.indexOf('=');
  return equals < 0 ? { [value]: '' } : { [value.slice(0, equals)]: value.slice(equals + 1) };
}
