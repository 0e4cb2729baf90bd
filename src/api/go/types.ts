/**
 * Types of Go, as far as Docker's API and its templates know them. With them a template prints what Docker's client prints:
 * the fields of a struct in order, the zero value of what is missing, the name of the type in an error.
 */
export type GoType = Scalar | List | MapType | Struct | Pointer | Interface;

interface Common {
  /** As `%T` prints it: `*types.ContainerState`, `[]string`. */
  readonly name: string;
  readonly methods?: Readonly<Record<string, Method>>;
}

export interface Scalar extends Common {
  readonly kind: 'bool' | 'int' | 'uint' | 'float' | 'string';
  /** Of integers that do not have 64. */
  readonly bits?: number;
  /** fmt.Stringer: what `%v` and `%s` print in place of the data. */
  readonly text?: (data: unknown) => string;
  /** json.Marshaler: a value as JSON.stringify takes it. */
  readonly json?: (data: unknown) => unknown;
}

export interface List extends Common {
  /** An array is never nil. */
  readonly kind: 'slice' | 'array';
  readonly element: GoType;
  /** json.Unmarshaler: one text stands for a list of it. */
  readonly takesText?: true;
}

/** Keys are strings. */
export interface MapType extends Common {
  readonly kind: 'map';
  readonly key: Scalar;
  readonly element: GoType;
}

export interface Struct extends Common {
  readonly kind: 'struct';
  readonly fields: readonly Field[];
  /** json.Marshaler of a row: its methods by name, sorted, with `<`, `>` and `&` escaped. */
  readonly marshalsMethods?: true;
}

export interface Pointer extends Common {
  readonly kind: 'pointer';
  readonly element: GoType;
}

/** Any value together with its type. */
export interface Interface extends Common {
  readonly kind: 'interface';
}

export interface Field {
  readonly name: string;
  readonly type: GoType;
  /** Key in JSON. */
  readonly json: string;
  /** Left out of JSON where it is empty. */
  readonly omitEmpty: boolean;
  /** Its fields and methods are those of the struct that embeds it, and so are its keys in JSON. */
  readonly embedded: boolean;
}

export interface Method {
  readonly parameters: readonly GoType[];
  readonly result: GoType;
  /** @param data of the receiver, where that is a pointer of what it points to */
  call(data: never, ...args: never[]): unknown;
}

const scalar = (kind: Scalar['kind'], name: string): Scalar => ({ kind, name });

export const bool = scalar('bool', 'bool');
export const int = scalar('int', 'int');
export const int64 = scalar('int', 'int64');
export const uint = scalar('uint', 'uint');
export const uint8: Scalar = { ...scalar('uint', 'uint8'), bits: 8 };
export const uint16: Scalar = { ...scalar('uint', 'uint16'), bits: 16 };
export const uint64 = scalar('uint', 'uint64');
export const float64 = scalar('float', 'float64');
export const string = scalar('string', 'string');
export const any: Interface = { kind: 'interface', name: 'interface {}' };

/** `type NetworkMode string`. */
export const named = (name: string, of: Scalar, more: Partial<Scalar> = {}): Scalar => ({ ...of, ...more, name });
export const slice = (element: GoType, name = `[]${element.name}`): List => ({ kind: 'slice', element, name });
export const array = (length: number, element: GoType): List => ({
  kind: 'array',
  element,
  name: `[${length}]${element.name}`,
});
export const map = (element: GoType, key: Scalar = string, name = `map[${key.name}]${element.name}`): MapType => ({
  kind: 'map',
  key,
  element,
  name,
});
export const pointer = (element: GoType): Pointer => ({
  kind: 'pointer',
  element,
  name: `*${element.name}`,
  ...(element.methods === undefined ? {} : { methods: element.methods }),
});

/** Types of fields, or what `key`, `omitEmpty` and `embedded` say of them, by the names of the fields. */
type Fields = Readonly<Record<string, GoType | Tagged>>;
/** A field without its name. */
type Tagged = Omit<Field, 'name'>;

export function struct(name: string, fields: Fields, more: Pick<Struct, 'methods' | 'marshalsMethods'> = {}): Struct {
  let list: readonly Field[] | undefined;
  return {
    ...more,
    kind: 'struct',
    name,
    // Most structs of a large type are never looked into: theirs is nil.
    get fields() {
      list ??= Object.keys(fields).map(name => toField(name, fields[name]!));
      return list;
    },
  };
}

function toField(name: string, given: GoType | Tagged): Field {
  if ('kind' in given) return { name, type: given, json: name, omitEmpty: false, embedded: false };
  return { name, type: given.type, json: given.json || name, omitEmpty: given.omitEmpty, embedded: given.embedded };
}

/** A field with another name in JSON. */
export const key = (json: string, type: GoType) => tag(type, json);
/** A field that is left out of JSON where it is empty. */
export const omitEmpty = (type: GoType, json = '') => tag(type, json, true);
export const embedded = (type: Struct | Pointer) => tag(type, '', false, true);

function tag(type: GoType, json = '', omitEmpty = false, embedded = false): Tagged {
  return { type, json, omitEmpty, embedded };
}

export const stringMap = map(string);
export const strings = slice(string);

/** The number of decoded JSON where nothing says which type it has: text to Go. */
export const jsonNumber: Scalar = named('json.Number', string, { json: Number });
export const anyMap = map(any);
export const anySlice = slice(any);

/** Whether nil is one of its values. */
export const isNilable = ({ kind }: GoType): boolean =>
  kind === 'slice' || kind === 'map' || kind === 'pointer' || kind === 'interface';
