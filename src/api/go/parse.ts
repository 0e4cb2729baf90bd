import { MinidockError } from '../../errors.ts';

/** A value of JSON as it was written: numbers in their digits, members in their order, with all that are there twice. */
export type Json =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly digits: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'array'; readonly items: readonly Json[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [key: string, value: Json])[] };

/** Lists and objects in each other; Go allows 10,000, for which our stack is too small. */
const deepest = 1000;

/**
 * The first value of a text, as Go's json.Decoder reads it: what stands behind it is not looked at.
 *
 * @throws {MinidockError} `invalid-argument`, in Go's words
 */
export function parseJson(text: string): Json {
  return new Parser(text).first();
}

class Parser {
  #at = 0;

  constructor(private readonly text: string) {}

  first(): Json {
    this.#blank();
    if (this.#at === this.text.length) throw refused('EOF');
    return this.#value(0);
  }

  #value(depth: number): Json {
    if (depth > deepest) throw refused('exceeded max depth');
    switch (this.#next()) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return { kind: 'string', value: this.#string() };
      case 't':
        this.#word('true');
        return { kind: 'bool', value: true };
      case 'f':
        this.#word('false');
        return { kind: 'bool', value: false };
      case 'n':
        this.#word('null');
        return { kind: 'null' };
      default:
        return { kind: 'number', digits: this.#number() };
    }
  }

  #object(depth: number): Json {
    const members: [string, Json][] = [];
    this.#at++;
    if (this.#next() === '}') this.#at++;
    else
      for (;;) {
        if (this.#next() !== '"') throw this.#wrong('looking for beginning of object key string');
        const key = this.#string();
        if (this.#next() !== ':') throw this.#wrong('after object key');
        this.#at++;
        members.push([key, this.#value(depth + 1)]);
        const next = this.#next();
        if (next !== ',' && next !== '}') throw this.#wrong('after object key:value pair');
        this.#at++;
        if (next === '}') break;
      }
    return { kind: 'object', members };
  }

  #array(depth: number): Json {
    const items: Json[] = [];
    this.#at++;
    if (this.#next() === ']') this.#at++;
    else
      for (;;) {
        items.push(this.#value(depth + 1));
        const next = this.#next();
        if (next !== ',' && next !== ']') throw this.#wrong('after array element');
        this.#at++;
        if (next === ']') break;
      }
    return { kind: 'array', items };
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const character = this.#here();
      if (character === '"') break;
      if (character < ' ') throw this.#wrong('in string literal');
      this.#at++;
      if (character === '\\') this.#escape();
    }
    this.#at++;
    return JSON.parse(this.text.slice(start, this.#at));
  }

  #escape(): void {
    const kind = this.#here();
    if (!'bfnrt\\/"u'.includes(kind)) throw this.#wrong('in string escape code');
    this.#at++;
    if (kind !== 'u') return;
    for (let i = 0; i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(this.#here())) throw this.#wrong('in \\u hexadecimal character escape');
      this.#at++;
    }
  }

  #word(word: string): void {
    const start = this.#at;
    for (let i = 1; i < word.length; i++) {
      this.#at = start + i;
      if (this.#here() !== word[i]) throw this.#wrong(`in literal ${word} (expecting ${quoted(word[i]!)})`);
    }
    this.#at = start + word.length;
  }

  #number(): string {
    const start = this.#at;
    if (!/[-0-9]/.test(this.#here())) throw this.#wrong('looking for beginning of value');
    if (this.#here() === '-') this.#at++;
    if (this.text[this.#at] === '0') this.#at++;
    else this.#digits('in numeric literal');
    if (this.text[this.#at] === '.') {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.text[this.#at] ?? '')) {
      this.#at++;
      if (/[+-]/.test(this.#here())) this.#at++;
      this.#digits('in exponent of numeric literal');
    }
    return this.text.slice(start, this.#at);
  }

  #digits(where: string): void {
    if (!/\d/.test(this.#here())) throw this.#wrong(where);
    while (/\d/.test(this.text[this.#at] ?? '')) this.#at++;
  }

  /** The next character that is no blank. */
  #next(): string {
    this.#blank();
    return this.#here();
  }

  #here(): string {
    const character = this.text[this.#at];
    if (character === undefined) throw refused('unexpected EOF');
    return character;
  }

  #blank(): void {
    while (' \t\r\n'.includes(this.text[this.#at] ?? 'x')) this.#at++;
  }

  #wrong(where: string): MinidockError {
    return refused(`invalid character ${quoted(this.#here())} ${where}`);
  }
}

function quoted(character: string): string {
  if (character === "'") return `'\\''`;
  if (character === '"') return `'"'`;
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}

const refused = (message: string) => new MinidockError('invalid-argument', message);
