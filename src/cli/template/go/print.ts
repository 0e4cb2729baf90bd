import type { GoType, MapType, Pointer, Struct } from '../../../api/go/types.ts';
import {
  entriesOf,
  indirect,
  inside,
  isNil,
  itemsOf,
  type Maybe,
  member,
  scalarOf,
  type Value,
  value,
} from '../../../api/go/values.ts';
import { quote } from './quote.ts';
import { type Flags, formatBoolean, formatInteger, formatReal, formatText, pad } from './scalars.ts';

/** A value as one verb of Go's fmt prints it. */
export function format(of: Maybe, verb: string, flags: Flags = {}): string {
  const found = inside(of);
  if (found === undefined) return verb === 'v' || verb === 'T' ? pad('<nil>', flags) : `%!${verb}(<nil>)`;
  if (verb === 'T') return formatText(found.type.name, 's', flags)!;
  if (verb === 'v' && flags.sharp) return syntax(found);
  // `%+v` names fields; a sign is for other verbs.
  return verb === 'v' && flags.plus ? print(found, verb, { ...flags, plus: false }, true) : print(found, verb, flags);
}

/** What an action prints of its value: as `%v`, what a pointer leads to, and words for what is not there. */
export function show(of: Maybe): string {
  const found = printable(of);
  return found === undefined ? '<no value>' : format(found, 'v');
}

export function printable(of: Maybe): Maybe {
  const found = inside(of);
  return found?.type.kind === 'pointer' ? indirect(found) : found;
}

/** fmt.Sprint: a blank stands between two operands where neither is text. */
export function sprint(args: readonly Maybe[]): string {
  const isText = (of: Maybe) => inside(of)?.type.kind === 'string';
  return args
    .map((arg, at) => (at > 0 && !isText(arg) && !isText(args[at - 1]) ? ' ' : '') + format(arg, 'v'))
    .join('');
}

function print(of: Value, verb: string, flags: Flags, named = false): string {
  const { type, data } = of;
  const nested = (item: Maybe) => (item === undefined ? '<nil>' : print(item, verb, flags, named));
  switch (type.kind) {
    case 'interface':
      return nested(inside(of));
    case 'pointer':
      // Go prints where a nested one points to; where our data lies tells nobody anything.
      return isNil(of) ? nil(verb, flags) : `${ampersand(type)}${nested(value(type.element, data))}`;
    case 'struct': {
      const fields = type.fields.map(field => {
        const name = named ? `${field.name}:` : '';
        return name + nested(member(of as Value<Struct>, field));
      });
      return `{${fields.join(' ')}}`;
    }
    case 'map':
      return `map[${entriesOf(of as Value<MapType>)
        .map(([key, item]) => `${nested(key)}:${nested(item)}`)
        .join(' ')}]`;
    case 'slice':
    case 'array':
      return `[${itemsOf(of).map(nested).join(' ')}]`;
    default:
      return printScalar(of, verb, flags) ?? `%!${verb}(${type.name}=${print(of, 'v', {})})`;
  }
}

const ampersand = ({ element: { kind } }: Pointer): string =>
  kind === 'struct' || kind === 'map' || kind === 'slice' || kind === 'array' ? '&' : '';

const nil = (verb: string, flags: Flags) => (verb === 'v' ? pad('<nil>', flags) : `%!${verb}(<nil>)`);

function printScalar(of: Value, verb: string, flags: Flags): string | undefined {
  const { type } = of;
  const scalar = scalarOf(of);
  if ('text' in type && type.text !== undefined && 'vsqxX'.includes(verb))
    return formatText(type.text(scalar), verb, flags);
  switch (type.kind) {
    case 'bool':
      return formatBoolean(Boolean(scalar), verb, flags);
    case 'int':
    case 'uint':
      return formatInteger(Number(scalar), verb, flags);
    case 'float':
      return formatReal(Number(scalar), verb, flags);
    case 'string':
      return formatText(String(scalar), verb, flags);
    default:
      return undefined;
  }
}

/** `%#v`: the value as a program of Go would write it. */
function syntax(of: Value): string {
  const { type, data } = of;
  const nested = (item: Maybe) => (item === undefined ? 'interface {}(nil)' : syntax(item));
  switch (type.kind) {
    case 'interface':
      return nested(inside(of));
    case 'pointer':
      return isNil(of) ? `(${type.name})(nil)` : ampersand(type) + syntax(value(type.element, data));
    case 'struct': {
      const fields = type.fields.map(field => `${field.name}:${nested(member(of as Value<Struct>, field))}`);
      return `${type.name}{${fields.join(', ')}}`;
    }
    case 'map': {
      if (isNil(of)) return `${type.name}(nil)`;
      const entries = entriesOf(of as Value<MapType>).map(([key, item]) => `${nested(key)}:${nested(item)}`);
      return `${type.name}{${entries.join(', ')}}`;
    }
    case 'slice':
    case 'array':
      return isNil(of) ? `${type.name}(nil)` : `${type.name}{${itemsOf(of).map(nested).join(', ')}}`;
    case 'string':
      return quote(String(scalarOf(of)));
    case 'uint':
      return `0x${Number(scalarOf(of)).toString(16)}`;
    default:
      return printScalar(of, 'v', {})!;
  }
}

/** What an error says of a type: `nil` where there is no value. */
export const typeName = (of: Maybe): string => (of === undefined ? 'nil' : (of.type as GoType).name);
