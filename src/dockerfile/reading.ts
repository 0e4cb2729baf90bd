import type { MinidockError } from '../errors.ts';
import type { Raw } from './instructions.ts';
import { execForm, faultOf, isBrokenList, itemsOf } from './list.ts';
import { nearest } from './nearest.ts';
import { mistake, type Source } from './source.ts';
import type { Escape, Statement } from './statements.ts';
import { type Flag, splitWords, takeFlags } from './words.ts';

/** One statement while it is read: its flags taken off, its words with their places, errors that point into it. */
export class Reading {
  /** What follows the flags. */
  readonly rest: string;
  readonly #offset: number;
  readonly #flags: Flag[];

  constructor(
    readonly source: Source,
    readonly escapeChar: Escape,
    readonly statement: Statement,
  ) {
    const { flags, rest, offset } = takesFlags.test(statement.keyword)
      ? takeFlags(statement.text, escapeChar)
      : { flags: [], rest: statement.text, offset: 0 };
    this.rest = rest;
    this.#offset = offset;
    this.#flags = flags;
  }

  get keyword(): string {
    return this.statement.keyword.toUpperCase();
  }

  words(): Raw[] {
    return splitWords(this.rest, this.escapeChar).map(({ raw, offset }) => ({ raw, offset: offset + this.#offset }));
  }

  /** Words between blanks, whatever quotes there are: so Docker reads EXPOSE and VOLUME. */
  blankWords(): Raw[] {
    return [...this.rest.matchAll(/\S+/g)].map(found => ({ raw: found[0], offset: found.index + this.#offset }));
  }

  /** All that follows the flags, as one part. */
  all(): Raw {
    return { raw: this.rest, offset: this.#offset };
  }

  /** `["a", "b"]`; undefined for what is none, such as a line of the shell. Refuses what was meant to be one. */
  list(part = this.all()): string[] | undefined {
    const words = execForm(part.raw);
    if (words !== undefined || !isBrokenList(part.raw)) return words;
    const { offset, length, fix } = faultOf(part.raw);
    const at = { raw: part.raw.slice(offset, offset + length), offset: part.offset + offset };
    throw this.fail(at, 'this is no list in JSON form', fix);
  }

  /** The texts of a list as words, each in double quotes, with their places; undefined for what is none. */
  listedWords(): Raw[] | undefined {
    const { raw: list, offset } = this.all();
    const items = itemsOf(list);
    return this.list()?.map((text, index) => ({ raw: JSON.stringify(text), offset: offset + items[index]!.offset }));
  }

  /** Values of the flags by name. Refuses a name that the instruction does not have, and one that stands twice unless it may. */
  flags<Name extends string>(known: Record<Name, FlagRule>): Map<Name, Raw[]> {
    const found = new Map<Name, Raw[]>();
    for (const { name, value, offset, length } of this.#flags) {
      const rule = known[name as Name] as FlagRule | undefined;
      const at = { raw: `--${name}`, offset };
      if (rule === undefined || !Object.hasOwn(known, name)) {
        const near = nearest(name, Object.keys(known));
        const all = Object.keys(known).map(one => `--${one}`);
        const has = all.length > 0 ? `${this.keyword} has ${all.join(', ')}` : `${this.keyword} has no flags`;
        throw this.fail(at, `unknown flag: --${name}`, near === undefined ? has : `did you mean --${near}?`);
      }
      if (value === undefined && rule !== 'toggle')
        throw this.fail(at, `--${name} has no value`, `write --${name}=VALUE`);
      const raw = { raw: value ?? 'true', offset: offset + length - (value?.length ?? length) };
      const earlier = found.get(name as Name) ?? [];
      if (earlier.length > 0 && rule !== 'many') throw this.fail(at, `--${name} stands twice`);
      found.set(name as Name, [...earlier, raw]);
    }
    return found;
  }

  /** `--link`, `--link=true`, `--link=false`. */
  isOn(value: Raw | undefined): boolean {
    if (value === undefined || value.raw === 'false') return false;
    if (value.raw === 'true') return true;
    throw this.fail(value, `${JSON.stringify(value.raw)} is neither true nor false`);
  }

  /** An error at a part, or at the keyword. */
  fail(part: Raw | undefined, reason: string, fix?: string): MinidockError {
    return mistakeIn(this.statement, part, reason, fix);
  }
}

/** An error at a part of a statement, or at its keyword. */
export function mistakeIn(statement: Statement, part: Raw | undefined, reason: string, fix?: string): MinidockError {
  const at = part && { offset: part.offset, length: part.raw.length };
  return mistake(statement.source, statement.place(at), reason, hasComment(statement) ? ownLine : fix);
}

const ownLine = 'a comment needs a line of its own: # has no meaning here';

/** Whether there is what looks like a comment behind an instruction that no shell reads. */
const hasComment = ({ keyword, text }: Statement): boolean =>
  !/^(RUN|CMD|ENTRYPOINT|HEALTHCHECK|ONBUILD)$/i.test(keyword) &&
  splitWords(text, '\\').some(({ raw }) => raw.startsWith('#'));

export type FlagRule = 'one' | 'many' | 'toggle';

/** ONBUILD hands its flags on. */
const takesFlags = /^(?!ONBUILD$)/i;
