import { MinidockError } from '../../errors.ts';
import { type Json, parseJson } from './parse.ts';
import type { Field, GoType, List, MapType, Scalar, Struct } from './types.ts';

/**
 * A text of JSON as data of a type, as Go's encoding/json reads it: unknown members are passed over, keys may be in other cases,
 * null is the zero value (undefined here), of a key that is there twice the last counts, members of both where it is a struct.
 *
 * @throws {MinidockError} `invalid-argument`, in Go's words, for a text that is no JSON, is empty (`EOF`), or of another type
 */
export function decodeJson<T>(type: GoType, text: string): T {
  const decoder = new Decoder();
  const data = decoder.read(type, parseJson(text), undefined);
  if (decoder.failure !== undefined) throw new MinidockError('invalid-argument', decoder.failure);
  return data as T;
}

class Decoder {
  /** The first thing that does not fit. As in Go the rest is read all the same. */
  failure: string | undefined;
  #struct = '';
  #path: readonly string[] = [];

  read(type: GoType, json: Json, before: unknown): unknown {
    if (json.kind === 'null') return isNilable(type) ? null : before;
    switch (type.kind) {
      case 'pointer':
        return this.read(type.element, json, before ?? undefined);
      case 'interface':
        return undefined;
      case 'struct':
        return this.#fields(type, json, before);
      case 'map':
        return this.#entries(type, json, before);
      case 'slice':
      case 'array':
        return this.#items(type, json, before);
      default:
        return this.#scalar(type, json, before);
    }
  }

  #fields(type: Struct, json: Json, before: unknown): unknown {
    if (json.kind !== 'object') return this.#unfit(json, type, before);
    const data: Record<string, unknown> = { ...(before as object) };
    const [struct, path] = [this.#struct, this.#path];
    const fields = flatFields(type);
    for (const [key, member] of json.members) {
      const field = fields.get(key) ?? fields.get(key.toLowerCase());
      if (field === undefined) continue;
      this.#struct = type.name.slice(type.name.lastIndexOf('.') + 1);
      this.#path = [...path, field.json];
      data[field.json] = this.read(field.type, member, data[field.json]);
    }
    [this.#struct, this.#path] = [struct, path];
    return data;
  }

  #entries({ element, ...type }: MapType, json: Json, before: unknown): unknown {
    if (json.kind !== 'object') return this.#unfit(json, type, before);
    const entries = json.members.map(([key, member]) => [key, this.read(element, member, undefined)]);
    return { ...(before as object), ...Object.fromEntries(entries) };
  }

  #items(type: List, json: Json, before: unknown): unknown {
    if (json.kind === 'array' && (!type.takesText || json.items.every(fitsText)))
      return json.items.map(item => this.read(type.element, item, undefined) ?? zeroOf(type.element));
    if (!type.takesText) return this.#unfit(json, type, before);
    const text = this.read(type.element, json, undefined);
    return text === undefined ? before : [text];
  }

  #scalar(type: Scalar, json: Json, before: unknown): unknown {
    const { kind } = type;
    if (kind === 'bool' || kind === 'string') return json.kind === kind ? json.value : this.#unfit(json, type, before);
    if (json.kind !== 'number') return this.#unfit(json, type, before);
    if (kind !== 'float' && !isInRange(json.digits, type)) return this.#unfit(json, type, before, ` ${json.digits}`);
    return Number(json.digits);
  }

  #unfit({ kind }: Json, { name }: { readonly name: string }, before: unknown, number = ''): unknown {
    const where =
      this.#struct === '' ? 'Go value of type ' : `Go struct field ${this.#struct}.${this.#path.join('.')} of type `;
    this.failure ??= `json: cannot unmarshal ${kind}${number} into ${where}${name}`;
    return before;
  }
}

const isNilable = ({ kind }: GoType) =>
  kind === 'pointer' || kind === 'map' || kind === 'slice' || kind === 'interface';

const fitsText = ({ kind }: Json) => kind === 'string' || kind === 'null';

const zeroOf = ({ kind }: GoType) => (kind === 'string' ? '' : undefined);

function isInRange(digits: string, { kind, bits = 64 }: Scalar): boolean {
  if (!/^-?\d+$/.test(digits)) return false;
  const number = BigInt(digits);
  if (kind === 'uint') return !digits.startsWith('-') && number < 1n << BigInt(bits);
  const half = 1n << BigInt(bits - 1);
  return number >= -half && number < half;
}

const known = new WeakMap<Struct, ReadonlyMap<string, Field>>();

/** The fields of a struct and of those that it embeds, by their keys in JSON, and by these in small letters where that names no other. */
function flatFields(type: Struct): ReadonlyMap<string, Field> {
  const before = known.get(type);
  if (before !== undefined) return before;
  const flat = (of: Struct): Field[] =>
    of.fields.flatMap(field => {
      if (!field.embedded) return [field];
      return flat((field.type.kind === 'pointer' ? field.type.element : field.type) as Struct);
    });
  const fields = flat(type);
  const named = new Map(fields.map(field => [field.json.toLowerCase(), field]));
  for (const field of fields) named.set(field.json, field);
  known.set(type, named);
  return named;
}
