import { splitWords } from './words.ts';

/** A here-document, as the shell has it: `<<EOF`, `<<-EOF`, `3<<"EOF"`. */
export interface Heredoc {
  readonly name: string;
  /** Descriptor before `<<`; 0 where none is told. */
  readonly descriptor: number;
  /** Variables in it are replaced: the name was not quoted. */
  readonly expands: boolean;
  readonly content: string;
}

/** The beginning of one, in the text of an instruction. */
export interface Opening extends Pick<Heredoc, 'name' | 'descriptor' | 'expands'> {
  /** `<<-`: tabs at the beginning of its lines do not count. */
  readonly dropsTabs: boolean;
  readonly offset: number;
  readonly length: number;
}

export function heredocsIn(text: string, escapeChar: string): Opening[] {
  return splitWords(text, escapeChar).flatMap(({ raw, offset }) => openingOf(raw, offset) ?? []);
}

/** `<<EOF` of a word; undefined where it is none. */
export function openingOf(word: string, offset = 0): Opening | undefined {
  const [, descriptor, dash, name = ''] = /^(\d*)<<(-?)([^<].*)$/.exec(word) ?? [];
  if (descriptor === undefined) return undefined;
  const bare = name.replace(/["'\\]/g, '');
  if (bare === '') return undefined;
  return {
    name: bare,
    descriptor: Number(descriptor),
    expands: bare === name,
    dropsTabs: dash === '-',
    offset,
    length: word.length,
  };
}

/** Reads the lines up to the one that is its name; undefined where there is none. */
export function readHeredoc(
  lines: readonly string[],
  from: number,
  { name, descriptor, expands, dropsTabs }: Opening,
): { heredoc: Heredoc; next: number } | undefined {
  const content: string[] = [];
  for (let at = from; at < lines.length; at++) {
    const line = dropsTabs ? lines[at]!.replace(/^\t+/, '') : lines[at]!;
    if (line === name)
      return { heredoc: { name, descriptor, expands, content: content.map(one => `${one}\n`).join('') }, next: at + 1 };
    content.push(line);
  }
  return undefined;
}

/** What is wrong with a line that looks as if it were to end one that nothing ends; undefined where there is none. */
export function nearEnd(lines: readonly string[], from: number, { name, dropsTabs }: Opening): string | undefined {
  const at = lines.findIndex((line, index) => index >= from && line.trim() === name);
  if (at < 0) return undefined;
  const line = lines[at]!;
  if (/^\t+\S+$/.test(line) && !dropsTabs)
    return `line ${at + 1} begins with a tab: write <<-${name}, which drops tabs`;
  return `line ${at + 1} has blanks beside ${name}: it must stand alone`;
}
