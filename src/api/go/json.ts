import type { GoType, Struct } from './types.ts';
import { type Maybe, own, scalarOf, sortedEntries } from './values.ts';

/**
 * A value as Go's encoding/json prints it, field by field in the order of the type. `<`, `>` and `&` stay as they are: both
 * Docker's engine and the function `json` of its templates switch their escapes off.
 *
 * @param spaces of one level; all on one line where there are none
 */
export function encodeJson(of: Maybe, spaces = 0): string {
  return of === undefined ? 'null' : print(of.type, of.data, { spaces, colon: spaces === 0 ? ':' : ': ' }, 0);
}

interface Style {
  readonly spaces: number;
  readonly colon: string;
}

const inOneLine: Style = { spaces: 0, colon: ':' };

const printed = new WeakMap<object, { readonly type: Struct; readonly text: string }>();

/** Makes `text` what data of a struct is printed as in one line. Nobody may change the data from here on. */
export function printedAs<T extends object>(type: Struct, data: T, text: string): T {
  printed.set(data, { type, text });
  return data;
}

/** The text of a struct in one line, before and behind what one of its fields is. */
export function printAround(type: Struct, data: object, name: string): readonly [before: string, after: string] {
  const at = type.fields.findIndex(field => field.name === name);
  const members = (fields: Struct['fields']) => membersOf({ kind: 'struct', name: '', fields }, data, inOneLine, 0);
  const [before, after] = [members(type.fields.slice(0, at)), members(type.fields.slice(at + 1))];
  return [
    flat(`{${before}${before === '' ? '' : ','}"${type.fields[at]!.json}":`),
    flat(`${after === '' ? '' : ','}${after}}`),
  ];
}

/** V8 keeps a text that was put together as its pieces, which are many times larger. */
const flat = (text: string) => Buffer.from(text).toString();

/** Type and data go apart: a list of many containers would be as many objects that hold the two. */
function print(type: GoType, data: unknown, style: Style, depth: number): string {
  switch (type.kind) {
    case 'struct': {
      const known = style.spaces === 0 ? printed.get(data as object) : undefined;
      if (known?.type === type) return known.text;
      if (type.marshalsMethods) return escapeHtml(enclosed('{', rowOf(type, data, style, depth), '}', style, depth));
      return enclosed('{', membersOf(type, data, style, depth), '}', style, depth);
    }
    case 'pointer':
      return data === undefined || data === null ? 'null' : print(type.element, data, style, depth);
    case 'interface': {
      const held = (data ?? undefined) as Maybe;
      return held === undefined ? 'null' : print(held.type, held.data, style, depth);
    }
    case 'map': {
      if (data === undefined || data === null) return 'null';
      let members = '';
      for (const [key, item] of sortedEntries(data))
        members = added(members, quote(key), print(type.element, item, style, depth + 1), style, depth);
      return enclosed('{', members, '}', style, depth);
    }
    case 'slice':
    case 'array': {
      if (type.kind === 'slice' && (data === undefined || data === null)) return 'null';
      let items = '';
      for (const item of (data ?? []) as unknown[])
        items = added(items, '', print(type.element, item, style, depth + 1), style, depth);
      return enclosed('[', items, ']', style, depth);
    }
    default: {
      const scalar = scalarOf({ type, data });
      const plain = type.json === undefined ? scalar : type.json(scalar);
      if (typeof plain === 'string') return quote(plain);
      // Nanoseconds since 1970 are more than a number of JavaScript holds.
      return typeof plain === 'bigint' ? String(plain) : JSON.stringify(plain);
    }
  }
}

const lineAt = ({ spaces }: Style, depth: number) => (spaces === 0 ? '' : `\n${' '.repeat(spaces * depth)}`);

/** With one more member behind the others; an item of a list has no key. */
function added(members: string, key: string, item: string, style: Style, depth: number): string {
  const comma = members === '' ? '' : ',';
  return `${members}${comma}${lineAt(style, depth + 1)}${key}${key === '' ? '' : style.colon}${item}`;
}

const enclosed = (open: string, members: string, close: string, style: Style, depth: number) =>
  members === '' ? open + close : `${open}${members}${lineAt(style, depth)}${close}`;

/** What JSON.parse gives for the value's JSON: every field is there, nil is null. */
export const toPlain = (of: Maybe): unknown => JSON.parse(encodeJson(of));

function membersOf(type: Struct, data: unknown, style: Style, depth: number): string {
  let members = '';
  for (const field of type.fields) {
    if (field.embedded) {
      const embedded = (field.type.kind === 'pointer' ? field.type.element : field.type) as Struct;
      const more = membersOf(embedded, data, style, depth);
      members += members === '' || more === '' ? more : `,${more}`;
      continue;
    }
    const item = own(data, field.json);
    if (field.omitEmpty && isEmpty(field.type, item)) continue;
    members = added(members, `"${field.json}"`, print(field.type, item, style, depth + 1), style, depth);
  }
  return members;
}

/** What `omitempty` leaves out. */
function isEmpty(type: GoType, data: unknown): boolean {
  switch (type.kind) {
    case 'struct':
      return false;
    case 'pointer':
    case 'interface':
      return data === undefined || data === null;
    case 'slice':
    case 'array':
    case 'map':
      return data === undefined || data === null || Object.keys(data).length === 0;
    default:
      return !scalarOf({ type, data });
  }
}

/** The columns of a listing: what its methods give, by name. */
function rowOf({ methods = {} }: Struct, data: unknown, style: Style, depth: number): string {
  let members = '';
  for (const name of Object.keys(methods).sort()) {
    const { parameters, call, result } = methods[name]!;
    if (parameters.length > 0) continue;
    members = added(members, quote(name), print(result, call(data as never), style, depth + 1), style, depth);
  }
  return members;
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
