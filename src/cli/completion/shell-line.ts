/** A command line as bash hands it over: what was typed, cut into words. */
export interface ShellLine {
  /** Those before the cursor, without quotes; the program first. */
  readonly words: readonly string[];
  /** The one at the cursor. */
  readonly current: string;
  /** How much of it bash leaves alone: up to the last character at which it breaks words, `--pull=`. */
  readonly kept: number;
}

/**
 * Reads as a shell does, but for what only running would tell: variables and substitutions stay as they are written.
 *
 * @param breaks characters at which bash breaks words besides white space: COMP_WORDBREAKS
 */
export function readLine(line: string, breaks: string): ShellLine {
  const words: string[] = [];
  let current: string | undefined;
  let kept = 0;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (quote !== '') {
      if (character === quote) quote = '';
      else if (character === '\\' && quote === '"' && at + 1 < line.length) current += line[++at]!;
      else current += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      current ??= '';
    } else if (/\s/.test(character)) {
      if (current !== undefined) words.push(current);
      current = undefined;
      kept = 0;
    } else {
      current = (current ?? '') + (character === '\\' ? (line[++at] ?? '') : character);
      if (character !== '\\' && breaks.includes(character)) kept = current.length;
    }
  }
  return { words, current: current ?? '', kept };
}
