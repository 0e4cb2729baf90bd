/** A word of an instruction as it is written, quotes and all, and where it stands in the text. */
export interface Word {
  readonly raw: string;
  readonly offset: number;
}

/** Splits at blanks that no quote and no escape character keeps. */
export function splitWords(text: string, escapeChar: string): Word[] {
  const words: Word[] = [];
  let start = -1;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote === undefined && /\s/.test(char)) {
      if (start >= 0) words.push({ raw: text.slice(start, at), offset: start });
      start = -1;
      continue;
    }
    if (start < 0) start = at;
    if (char === escapeChar && quote !== "'") at++;
    else if (quote === char) quote = undefined;
    else if (quote === undefined && (char === '"' || char === "'")) quote = char;
  }
  if (start >= 0) words.push({ raw: text.slice(start), offset: start });
  return words;
}

/** `--name=value` or `--name`, before the words of an instruction. */
export interface Flag {
  readonly name: string;
  /** Undefined where there is no `=`. */
  readonly value: string | undefined;
  readonly offset: number;
  readonly length: number;
}

/** Takes the flags from the beginning of the text. `--` alone ends them. */
export function takeFlags(text: string, escapeChar: string): { flags: Flag[]; rest: string; offset: number } {
  const flags: Flag[] = [];
  let end = 0;
  for (const { raw, offset } of splitWords(text, escapeChar)) {
    if (!raw.startsWith('--')) break;
    end = offset + raw.length;
    if (raw === '--') break;
    const [, name = '', value] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(raw)!;
    flags.push({ name, value: value === undefined ? undefined : unquoted(value), offset, length: raw.length });
  }
  const rest = text.slice(end).trimStart();
  return { flags, rest, offset: text.length - rest.length };
}

const unquoted = (value: string): string =>
  value.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single);
