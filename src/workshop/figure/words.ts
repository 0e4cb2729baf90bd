import type { Language } from '../text/language.ts';
import { type Span, wrapSpans } from '../text/width.ts';
import type { Words } from './figure.ts';

/** A piece of a line in one style. */
export interface Run extends Span {
  readonly code?: boolean;
  readonly strong?: boolean;
}

/** Width of a run, in units of the medium: columns or pixels. */
export type Measure = (run: Run) => number;

/** Words in a language, cut at their marks. */
export function runsOf(words: Words, language: Language, strong = false): Run[] {
  const text = typeof words === 'string' ? words : words[language];
  return text.split(/(\*\*.+?\*\*)/).flatMap(part => {
    const isStrong = part.startsWith('**') && part.length > 4;
    return codeRuns(isStrong ? part.slice(2, -2) : part, strong || isStrong);
  });
}

function codeRuns(text: string, strong: boolean): Run[] {
  return text
    .split(/(`[^`]+`)/)
    .filter(part => part !== '')
    .map(part =>
      part.startsWith('`') ? { text: part.slice(1, -1), code: true, solid: true, strong } : { text: part, strong },
    );
}

/** Lines no wider than `width`; runs of one style that follow each other are one again. */
export function wrapRuns(runs: readonly Run[], width: number, measure: Measure): Run[][] {
  return wrapSpans(runs, width, measure).map(line => {
    const out: Run[] = [];
    for (const { text, code, strong } of line) {
      const last = out.at(-1);
      if (last && last.code === code && last.strong === strong)
        out[out.length - 1] = { ...last, text: last.text + text };
      else out.push({ text, code, strong });
    }
    return out;
  });
}

export function widthOfRuns(runs: readonly Run[], measure: Measure): number {
  return runs.reduce((sum, run) => sum + measure(run), 0);
}
