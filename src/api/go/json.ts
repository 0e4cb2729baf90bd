import type { Struct } from './types.ts';
import { entriesOf, inside, isNil, itemsOf, type Maybe, member, scalarOf, type Value, value } from './values.ts';

/**
 * A value as Go's encoding/json prints it, field by field in the order of the type. `<`, `>` and `&` stay as they are: both
 * Docker's engine and the function `json` of its templates switch their escapes off.
 *
 * @param spaces of one level; all on one line where there are none
 */
export function encodeJson(of: Maybe, spaces = 0): string {
  const pad = (depth: number) => (spaces === 0 ? '' : `\n${' '.repeat(spaces * depth)}`);

  const list = (open: string, members: readonly string[], close: string, depth: number): string => {
    if (members.length === 0) return open + close;
    const before = pad(depth + 1);
    return `${open}${members.map(member => before + member).join(',')}${pad(depth)}${close}`;
  };
  const colon = spaces === 0 ? ':' : ': ';

  const print = (of: Maybe, depth: number): string => {
    const found = inside(of);
    if (found === undefined || isNil(found)) return 'null';
    const { type, data } = found;
    switch (type.kind) {
      case 'struct': {
        const members = type.marshalsMethods ? rowOf(found as Value<Struct>) : membersOf(found as Value<Struct>);
        const json = list(
          '{',
          members.map(([key, item]) => quote(key) + colon + print(item, depth + 1)),
          '}',
          depth,
        );
        return type.marshalsMethods ? escapeHtml(json) : json;
      }
      case 'pointer':
        return print(value(type.element, data), depth);
      case 'map': {
        const members = entriesOf(found as never).map(
          ([key, item]) => quote(String(scalarOf(key))) + colon + print(item, depth + 1),
        );
        return list('{', members, '}', depth);
      }
      case 'slice':
      case 'array':
        return list(
          '[',
          itemsOf(found).map(item => print(item, depth + 1)),
          ']',
          depth,
        );
      default: {
        const scalar = scalarOf(found);
        const plain = type.kind !== 'interface' && type.json !== undefined ? type.json(scalar) : scalar;
        if (typeof plain === 'string') return quote(plain);
        // Nanoseconds since 1970 are more than a number of JavaScript holds.
        return typeof plain === 'bigint' ? String(plain) : JSON.stringify(plain);
      }
    }
  };
  return print(of, 0);
}

/** What JSON.parse gives for the value's JSON: every field is there, nil is null. */
export const toPlain = (of: Maybe): unknown => JSON.parse(encodeJson(of));

function membersOf(of: Value<Struct>): [string, Value][] {
  return of.type.fields.flatMap((field): [string, Value][] => {
    const found = member(of, field);
    if (!field.embedded) return field.omitEmpty && isEmpty(found) ? [] : [[field.json, found]];
    const { type, data } = found;
    return membersOf((type.kind === 'pointer' ? value(type.element, data) : found) as Value<Struct>);
  });
}

/** What `omitempty` leaves out. */
function isEmpty(of: Value): boolean {
  if (isNil(of)) return true;
  const { type, data } = of;
  if (type.kind === 'struct' || type.kind === 'pointer' || type.kind === 'interface') return false;
  if (type.kind === 'slice' || type.kind === 'array' || type.kind === 'map')
    return Object.keys(data as object).length === 0;
  return !scalarOf(of);
}

/** The columns of a listing: what its methods give, by name. */
function rowOf({ type, data }: Value<Struct>): [string, Value][] {
  return Object.entries(type.methods ?? {})
    .filter(([, { parameters }]) => parameters.length === 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { call, result }]) => [name, value(result, call(data as never))]);
}

/** JSON.stringify has short forms for two control characters more than Go, and leaves two line separators as they are. */
function quote(text: string): string {
  // Most texts need no escape: ids, names, times.
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  const unlike: Readonly<Record<string, string>> = { '\\b': '\\u0008', '\\f': '\\u000c' };
  return JSON.stringify(text)
    .replace(/\\[\\"bf]/g, short => unlike[short] ?? short)
    .replace(/[\u2028\u2029]/g, separator => `\\u${separator.charCodeAt(0).toString(16)}`);
}

const escapeHtml = (json: string): string =>
  json.replace(/[<>&]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
