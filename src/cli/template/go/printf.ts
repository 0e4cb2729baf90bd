import { inside, type Maybe, scalarOf } from '../../../api/go/values.ts';
import { format } from './print.ts';
import type { Flags } from './scalars.ts';

/** Widths and precisions beyond are refused, as in Go. */
const most = 1e6;

/** fmt.Sprintf: `%[1]*.2f` and all that may stand between the sign and the verb. */
export function sprintf(template: string, args: readonly Maybe[]): string {
  return new Formatting(template, args).run();
}

class Formatting {
  readonly #template: string;
  readonly #args: readonly Maybe[];
  #at = 0;
  /** The argument that comes next. */
  #next = 0;
  /** `%[n]` was used: arguments left over are no mistake then. */
  #reordered = false;
  #goodIndex = true;
  #afterIndex = false;

  constructor(template: string, args: readonly Maybe[]) {
    this.#template = template;
    this.#args = args;
  }

  run(): string {
    let text = '';
    while (this.#at < this.#template.length) {
      const percent = this.#template.indexOf('%', this.#at);
      const end = percent < 0 ? this.#template.length : percent;
      text += this.#template.slice(this.#at, end);
      this.#at = end + 1;
      if (percent >= 0) text += this.#directive();
    }
    return text + (this.#reordered ? '' : this.#extra());
  }

  #directive(): string {
    this.#goodIndex = true;
    this.#afterIndex = false;
    const flags = this.#flags();
    this.#index();
    let complaint = '';
    let width = this.#number();
    if (width === '*') {
      width = this.#takeNumber();
      if (width === undefined) complaint += '%!(BADWIDTH)';
      this.#afterIndex = false;
    } else if (this.#afterIndex && width !== undefined) this.#goodIndex = false;
    const given: { -readonly [K in keyof Flags]: Flags[K] } = { ...flags };
    if (typeof width === 'number') {
      if (width < 0) given.minus = true;
      given.width = Math.abs(width);
    }
    if (given.minus) given.zero = false;
    if (this.#template[this.#at] === '.') {
      this.#at++;
      if (this.#afterIndex) this.#goodIndex = false;
      this.#index();
      let precision = this.#number();
      if (precision === '*') {
        precision = this.#takeNumber();
        if (precision === undefined || precision < 0) {
          precision = undefined;
          complaint += '%!(BADPREC)';
        }
        this.#afterIndex = false;
      } else precision ??= 0;
      given.precision = precision;
    }
    if (!this.#afterIndex) this.#index();
    return complaint + this.#verb(given);
  }

  #verb(flags: Flags): string {
    const code = this.#template.codePointAt(this.#at);
    if (code === undefined) return '%!(NOVERB)';
    const verb = String.fromCodePoint(code);
    this.#at += verb.length;
    if (verb === '%') return '%';
    if (!this.#goodIndex) return `%!${verb}(BADINDEX)`;
    if (this.#next >= this.#args.length) return `%!${verb}(MISSING)`;
    return format(this.#args[this.#next++], verb, flags);
  }

  #flags(): Flags {
    const names = { '#': 'sharp', '0': 'zero', '+': 'plus', '-': 'minus', ' ': 'space' } as const;
    const flags: Partial<Record<(typeof names)[keyof typeof names], boolean>> = {};
    for (; this.#template[this.#at]! in names; this.#at++)
      flags[names[this.#template[this.#at] as keyof typeof names]] = true;
    return flags;
  }

  /** `[3]`: which argument comes next, counted from 1. */
  #index(): void {
    if (this.#template[this.#at] !== '[') return;
    this.#reordered = true;
    const close = this.#template.indexOf(']', this.#at);
    const number = close < 0 ? '' : this.#template.slice(this.#at + 1, close);
    this.#at = close < 0 ? this.#at + 1 : close + 1;
    const index = /^\d+$/.test(number) ? Number(number) - 1 : -1;
    if (index < 0 || index >= this.#args.length) this.#goodIndex = false;
    else {
      this.#next = index;
      this.#afterIndex = true;
    }
  }

  #number(): number | '*' | undefined {
    if (this.#template[this.#at] === '*') {
      this.#at++;
      return '*';
    }
    const digits = /^\d+/.exec(this.#template.slice(this.#at, this.#at + 20))?.[0];
    if (digits === undefined) return undefined;
    this.#at += digits.length;
    return Number(digits) > most ? undefined : Number(digits);
  }

  /** `*`: the argument that comes next is the number. */
  #takeNumber(): number | undefined {
    const arg = inside(this.#args[this.#next]);
    if (this.#next < this.#args.length) this.#next++;
    if (arg?.type.kind !== 'int' && arg?.type.kind !== 'uint') return undefined;
    const number = Number(scalarOf(arg));
    return Math.abs(number) > most ? undefined : number;
  }

  #extra(): string {
    if (this.#next >= this.#args.length) return '';
    const shown = this.#args.slice(this.#next).map(arg => {
      const found = inside(arg);
      return found === undefined ? '<nil>' : `${found.type.name}=${format(found, 'v')}`;
    });
    return `%!(EXTRA ${shown.join(', ')})`;
  }
}
