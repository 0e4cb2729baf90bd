import { MinidockError } from '../../errors.ts';

export type Filters = ReadonlyMap<string, readonly string[]>;

/** The query of a request, as Docker's daemon reads it. */
export class Query {
  readonly #values: URLSearchParams;

  constructor(text: string) {
    this.#values = new URLSearchParams(text);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Empty where it is not given. */
  text(name: string): string {
    return this.#values.get(name) ?? '';
  }

  list(name: string): readonly string[] {
    return this.#values.getAll(name);
  }

  /** A flag as Docker reads it: every value that does not mean no means yes. */
  flag(name: string, initial = false): boolean {
    if (!this.has(name)) return initial;
    return !['', '0', 'no', 'false', 'none'].includes(this.text(name).trim().toLowerCase());
  }

  /**
   * A whole number; undefined where it is not given or empty.
   *
   * @throws {MinidockError} `invalid-argument`, in the words of Go's strconv
   */
  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
      throw new MinidockError('invalid-argument', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
    return Number(text);
  }

  /**
   * `filters={"label":["a=b"]}`, or as clients before API 1.22 write it, `{"label":{"a=b":true}}`.
   *
   * @throws {MinidockError} `invalid-filter` for what is no JSON of that form, or for a key that is not in `known`
   */
  filters(known: readonly string[], name = 'filters'): Filters {
    const text = this.text(name);
    const filters = new Map<string, readonly string[]>();
    if (text === '') return filters;
    const given = parse(text);
    for (const [key, values] of Object.entries(given)) {
      if (!known.includes(key)) throw new MinidockError('invalid-filter', `Invalid filter '${key}'`);
      if (values.length > 0) filters.set(key, values);
    }
    return filters;
  }
}

function parse(text: string): Record<string, readonly string[]> {
  try {
    const given: unknown = JSON.parse(text);
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Error('no object');
    return Object.fromEntries(Object.entries(given).map(([key, values]) => [key, valuesOf(values)]));
  } catch {
    throw new MinidockError('invalid-filter', 'invalid filter');
  }
}

function valuesOf(values: unknown): readonly string[] {
  if (Array.isArray(values) && values.every(value => typeof value === 'string')) return values;
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw new Error('no values');
  return Object.keys(values).filter(key => (values as Record<string, unknown>)[key] !== false);
}
