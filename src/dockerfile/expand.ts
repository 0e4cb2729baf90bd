import { pattern } from './pattern.ts';

export interface Variables {
  /** The value of a variable; undefined where it is not set. */
  value(name: string): string | undefined;
  /** Told of each `$name` without a value and without a default. */
  unset?(name: string): void;
}

/** Why a word cannot be expanded. The caller knows where the word stands, and `offset` where in it the fault begins. */
export class ExpansionError extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

/**
 * Replaces variables in one word and takes its quotes away, as Docker does for most instructions: `$name`, `${name}`,
 * `${name:-word}`, `:+`, `:?` and the same without the colon (then an empty value counts as set), `${name#pattern}`, `##`, `%`,
 * `%%`, `${name/pattern/word}` and `//`. Throws `ExpansionError`.
 */
export function expandWord(word: string, variables: Variables, escapeChar: string): string {
  return new Expander(word, variables, escapeChar, false).word();
}

/** As `expandWord`, where blanks end a word, also those in the value of a variable that stands outside of quotes. */
export function expandWords(text: string, variables: Variables, escapeChar: string): string[] {
  const blank = '\0';
  const expanded = new Expander(text, variables, escapeChar, true).word();
  return expanded.split(blank).filter(word => word !== '');
}

/** Variables in the lines of a here-document: quotes mean nothing there. */
export function expandLines(text: string, variables: Variables, escapeChar: string): string {
  return new Expander(text, variables, escapeChar, false, true).word();
}

const nameStart = /[a-zA-Z_]/;
const namePart = /[a-zA-Z0-9_]/;

class Expander {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly variables: Variables,
    private readonly escapeChar: string,
    /** Blanks outside of quotes become NUL, which no Dockerfile has. */
    private readonly splits: boolean,
    private readonly quotesAreText = false,
  ) {}

  /** Up to the end, or up to one of `stop` outside of quotes. */
  word(stop = ''): string {
    const start = this.#at;
    let result = '';
    while (this.#at < this.text.length) {
      const char = this.text[this.#at]!;
      if (stop.includes(char)) return result;
      if (char === '$') result += this.#separated(this.#dollar());
      else if (char === "'" && !this.quotesAreText) result += this.#single();
      else if (char === '"' && !this.quotesAreText) result += this.#double();
      else if (char === this.escapeChar)
        result += this.#escaped(this.quotesAreText ? `$${this.escapeChar}` : undefined);
      else {
        result += this.#separated(char);
        this.#at++;
      }
    }
    if (stop !== '') throw this.#unclosed(start);
    return result;
  }

  #separated(text: string): string {
    return this.splits ? text.replace(/\s+/g, '\0') : text;
  }

  #single(): string {
    const end = this.text.indexOf("'", this.#at + 1);
    if (end < 0) throw new ExpansionError('the closing single quote is missing', this.#at);
    const inside = this.text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inside;
  }

  #double(): string {
    const start = this.#at;
    let result = '';
    this.#at++;
    while (this.#at < this.text.length) {
      const char = this.text[this.#at]!;
      if (char === '"') {
        this.#at++;
        return result;
      }
      if (char === '$') result += this.#dollar();
      else if (char === this.escapeChar) result += this.#escaped(`"$${this.escapeChar}`);
      else {
        result += char;
        this.#at++;
      }
    }
    throw new ExpansionError('the closing double quote is missing', start);
  }

  /** What follows the escape character stands for itself; where only some do, the escape character stays before others. */
  #escaped(special?: string): string {
    const next = this.text[this.#at + 1];
    this.#at += 2;
    if (next === undefined) return this.escapeChar;
    return special === undefined || special.includes(next) ? next : `${this.escapeChar}${next}`;
  }

  #dollar(): string {
    const start = this.#at;
    this.#at++;
    if (this.text[this.#at] !== '{') {
      const name = this.#name();
      return name === '' ? '$' : this.#plain(name);
    }
    this.#at++;
    const name = this.#name();
    if (name === '') throw new ExpansionError('bad substitution: a name is missing after "${"', start);
    return this.#substitution(name, start);
  }

  #name(): string {
    const start = this.#at;
    if (nameStart.test(this.text[start] ?? '')) while (namePart.test(this.text[this.#at] ?? '')) this.#at++;
    else if (/[0-9@*#?$!-]/.test(this.text[start] ?? '') && this.text[start] !== '-') this.#at++;
    return this.text.slice(start, this.#at);
  }

  #plain(name: string): string {
    const value = this.variables.value(name);
    if (value === undefined) this.variables.unset?.(name);
    return value ?? '';
  }

  /** What stands between the name and `}`; `start` is where the `$` stands. */
  #substitution(name: string, start: number): string {
    const char = this.#next();
    if (char === '}') return this.#plain(name);
    const value = this.variables.value(name);
    const colon = char === ':';
    const operator = colon ? this.#next() : char;
    if (operator === '-' || operator === '+' || operator === '?') {
      const word = this.#until();
      const isSet = value !== undefined && !(colon && value === '');
      if (operator === '+') return isSet ? word : '';
      if (isSet) return value;
      if (operator === '-') return word;
      throw new ExpansionError(`${name}: ${word === '' ? 'not set' : word}`, start);
    }
    if (!colon && (operator === '#' || operator === '%')) {
      const greedy = this.text[this.#at] === operator;
      if (greedy) this.#at++;
      return withoutEnd(value ?? this.#plain(name), this.#until(), operator === '#' ? 'start' : 'end', greedy);
    }
    if (!colon && operator === '/') {
      const all = this.text[this.#at] === '/';
      if (all) this.#at++;
      const found = this.word('/}');
      const replacement = this.#next() === '/' ? this.#until() : '';
      const expression = new RegExp(pattern(found), all ? 'gs' : 's');
      return found === '' ? this.#plain(name) : this.#plain(name).replace(expression, () => replacement);
    }
    throw new ExpansionError(
      `unsupported modifier ${JSON.stringify(`${colon ? ':' : ''}${operator}`)} after "\${${name}"`,
      start,
    );
  }

  #until(): string {
    const inner = this.word('}');
    this.#at++;
    return inner;
  }

  /** @param at a place between the braces */
  #unclosed(at: number): ExpansionError {
    return new ExpansionError(`"}" is missing after "\${"`, this.text.lastIndexOf('${', at));
  }

  #next(): string {
    const char = this.text[this.#at];
    if (char === undefined) throw this.#unclosed(this.#at);
    this.#at++;
    return char;
  }
}

/** `${name#pattern}`, `##`, `%`, `%%`: the shortest or longest part at one end that the pattern fits. */
function withoutEnd(value: string, glob: string, end: 'start' | 'end', longest: boolean): string {
  const fits = new RegExp(`^(?:${pattern(glob)})$`, 's');
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  for (const length of longest ? lengths.reverse() : lengths) {
    const part = end === 'start' ? value.slice(0, length) : value.slice(value.length - length);
    if (fits.test(part)) return end === 'start' ? value.slice(length) : value.slice(0, value.length - length);
  }
  return value;
}
