import { isNilable, type MapType, uint8 } from '../../../api/go/types.ts';
import {
  bytesOf,
  entryOf,
  indirect,
  inside,
  isNil,
  itemsOf,
  type Maybe,
  scalarOf,
  text,
  type Value,
  value,
} from '../../../api/go/values.ts';
import { typeName } from '../go/print.ts';

/** `index`, `slice` and `len`. */

/** `index .Ports "80/tcp" 0`: into maps by key (what is missing is the zero value), into lists and text by number. */
export function index(of: Maybe, ...keys: Maybe[]): Maybe {
  let found = inside(of);
  if (found === undefined) throw new Error('index of untyped nil');
  for (const key of keys) {
    const container = indirect(found!);
    if (container.type.kind === 'pointer') throw new Error('index of nil pointer');
    found = inside(element(container, inside(key)));
    if (found === undefined && key !== keys.at(-1)) throw new Error('index of nil pointer');
  }
  return found;
}

function element(of: Value, key: Maybe): Maybe {
  const { kind, name } = of.type;
  if (kind === 'map') return entry(of as Value<MapType>, key);
  const isText = kind === 'string';
  if (!isText && kind !== 'slice' && kind !== 'array') throw new Error(`can't index item of type ${name}`);
  const items = isText ? [...bytesOf(of)].map(byte => value(uint8, byte)) : itemsOf(of);
  const at = position(key, items.length);
  if (at === items.length) throw new Error(`reflect: ${isText ? 'string' : 'slice'} index out of range`);
  return items[at];
}

function entry(of: Value<MapType>, key: Maybe): Maybe {
  const { type } = of;
  if (key === undefined) throw new Error(`value is nil; should be of type ${type.key.name}`);
  if (key.type.name !== type.key.name) throw new Error(`value has type ${key.type.name}; should be ${type.key.name}`);
  return entryOf(of, String(scalarOf(key))) ?? value(type.element, isNilable(type.element) ? null : undefined);
}

/** A place in a list; one after the last is allowed for the bounds of a slice. */
function position(of: Maybe, length: number): number {
  if (of === undefined) throw new Error('cannot index slice/array with nil');
  if (of.type.kind !== 'int' && of.type.kind !== 'uint')
    throw new Error(`cannot index slice/array with type ${typeName(of)}`);
  const at = Number(scalarOf(of));
  if (at < 0 || at > length) throw new Error(`index out of range: ${at}`);
  return at;
}

export function slice(of: Maybe, ...bounds: Maybe[]): Maybe {
  const found = inside(of);
  if (found === undefined) throw new Error('slice of untyped nil');
  if (bounds.length > 3) throw new Error(`too many slice indexes: ${bounds.length}`);
  const { type } = found;
  if (type.kind !== 'string' && type.kind !== 'slice' && type.kind !== 'array')
    throw new Error(`can't slice item of type ${type.name}`);
  if (type.kind === 'string' && bounds.length === 3) throw new Error('cannot 3-index slice a string');
  const whole = type.kind === 'string' ? bytesOf(found) : ((found.data ?? []) as unknown[]);
  const [from = 0, to = whole.length, limit] = bounds.map(bound => position(inside(bound), whole.length));
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  if (limit !== undefined && to > limit) throw new Error(`invalid slice index: ${to} > ${limit}`);
  return Buffer.isBuffer(whole) ? text(whole.subarray(from, to).toString()) : value(type, whole.slice(from, to));
}

/** Text has as many as it has bytes. */
export function len(of: Maybe): number {
  const found = inside(of);
  if (found === undefined) throw new Error('reflect: call of reflect.Value.Type on zero Value');
  const target = indirect(found);
  if (target.type.kind === 'pointer') throw new Error('len of nil pointer');
  switch (target.type.kind) {
    case 'string':
      return bytesOf(target).length;
    case 'slice':
    case 'array':
      return itemsOf(target).length;
    case 'map':
      return isNil(target) ? 0 : Object.keys(target.data as object).length;
    default:
      throw new Error(`len of type ${target.type.name}`);
  }
}
