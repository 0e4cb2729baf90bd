import { type ErrorCode, MinidockError } from '../errors.ts';

/**
 * The engine's plain data as JSON, and back: what JSON has no word for is an object with the key `$`, which names what it is. An
 * object that stands in a value several times is written once, so that it is one object again on the other side: a program's steps know
 * their data by identity. An instance of a class is written as what its `toPlain` returns, and is refused where it has none.
 */

/** By this content type, and a header, two minidocks recognise each other. */
export const plainType = 'application/vnd.minidock+json';
export const versionHeader = 'minidock-version';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Turns a value that is no data (a function, a signal, a stream) into a placeholder; undefined where it does not know the
 * value.
 */
export type Stand = (thing: object) => { readonly [key: string]: Json } | undefined;
/** Turns a placeholder back into the value. */
export type Revive = (stand: { readonly $: string; readonly [key: string]: Json }) => unknown;

/** Writes values one after the other; an object that an earlier one of this writer had is not written again. */
export class PlainWriter {
  readonly #known = new Map<object, number>();

  constructor(private readonly stand: Stand = () => undefined) {}

  /** In one line. Throws a TypeError for what is no plain data. */
  write(value: unknown): string {
    return JSON.stringify(this.#form(value));
  }

  #form(value: unknown): Json {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (value === undefined) return { $: 'undefined' };
    if (typeof value === 'bigint') return { $: 'bigint', is: String(value) };
    if (typeof value === 'number')
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $: 'number', is: Object.is(value, -0) ? '-0' : String(value) };
    if (typeof value !== 'object' && typeof value !== 'function')
      throw new TypeError(`a ${typeof value} is no plain data`);
    const stand = this.stand(value);
    if (stand !== undefined) return stand;
    const before = this.#known.get(value);
    if (before !== undefined) return { $: 'same', as: before };
    this.#known.set(value, this.#known.size);
    return this.#formNew(value);
  }

  #formNew(value: object): Json {
    if (Array.isArray(value)) return value.map(one => this.#form(one));
    if (value instanceof Uint8Array) return { $: 'bytes', is: Buffer.from(value).toString('base64') };
    if (value instanceof Date) return { $: 'date', is: value.getTime() };
    if (value instanceof Error) return formError(value);
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      if ('toPlain' in value && typeof value.toPlain === 'function') return this.#formNew(value.toPlain());
      throw new TypeError(`a ${prototype.constructor?.name || typeof value} is no plain data`);
    }
    const entries = Object.entries(value).map(([key, one]) => [key, this.#form(one)] as const);
    const object = ownObject(entries);
    return '$' in value ? { $: 'object', of: object } : object;
  }
}

/** The other side of a `PlainWriter`: reads what it wrote, in the same order. */
export class PlainReader {
  readonly #known: unknown[] = [];

  constructor(
    private readonly revive: Revive = ({ $ }) => {
      throw new SyntaxError(`unknown word ${JSON.stringify($)} in plain data`);
    },
  ) {}

  /** Throws a SyntaxError. */
  read(text: string): unknown {
    return this.#value(JSON.parse(text));
  }

  #value(form: Json): unknown {
    if (form === null || typeof form !== 'object') return form;
    if (Array.isArray(form)) {
      const list: unknown[] = [];
      this.#known.push(list);
      for (const one of form) list.push(this.#value(one));
      return list;
    }
    const object = form as { readonly [key: string]: Json };
    if (!Object.hasOwn(object, '$')) return this.#object(object);
    return this.#word(object as { readonly $: string; readonly [key: string]: Json });
  }

  #object(form: { readonly [key: string]: Json }): object {
    const object = {};
    this.#known.push(object);
    for (const [key, one] of Object.entries(form)) define(object, key, this.#value(one));
    return object;
  }

  #word(form: { readonly $: string; readonly [key: string]: Json }): unknown {
    switch (form.$) {
      case 'undefined':
        return undefined;
      case 'bigint':
        return BigInt(form.is as string);
      case 'number':
        return Number(form.is);
      case 'same':
        if (!((form.as as number) in this.#known))
          throw new SyntaxError('plain data that names an object it does not have');
        return this.#known[form.as as number];
      case 'object':
        return this.#object(form.of as { readonly [key: string]: Json });
      case 'bytes':
        return this.#keep(Buffer.from(form.is as string, 'base64'));
      case 'date':
        return this.#keep(new Date(form.is as number));
      case 'error':
        return this.#keep(readError(form));
      default:
        return this.revive(form);
    }
  }

  #keep<T>(thing: T): T {
    this.#known.push(thing);
    return thing;
  }
}

export const encodePlain = (value: unknown): string => new PlainWriter().write(value);
export const decodePlain = (text: string): unknown => new PlainReader().read(text);

/** An error without its cause, as every error answer of the API has it: `{"message", "code", "fix", "excerpt"}`. */
export function tellError(error: unknown): { message: string; code: ErrorCode; fix?: string; excerpt?: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof MinidockError)) return { message, code: 'defect' };
  const { code, fix, excerpt } = error;
  return { message, code, ...(fix !== undefined && { fix }), ...(excerpt !== undefined && { excerpt }) };
}

/** The error that `tellError` told of. */
export function readError({ message, code, fix, excerpt }: { readonly [key: string]: unknown }): MinidockError {
  return new MinidockError((code as ErrorCode | undefined) ?? 'defect', String(message), {
    ...(typeof fix === 'string' && { fix }),
    ...(typeof excerpt === 'string' && { excerpt }),
  });
}

const formError = (error: Error): Json => ({ $: 'error', ...tellError(error) });

function ownObject(entries: Iterable<readonly [string, Json]>): { readonly [key: string]: Json } {
  const object = {};
  for (const [key, value] of entries) define(object, key, value);
  return object;
}

/** Also where a user calls a label `__proto__`. */
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}
