import { differenceOf, differenceToJson, type Numbered, type SectionDifference } from '../../syscalls/difference.ts';
import { lessonName } from '../../syscalls/lessons.ts';
import { breakLine, foldLines, printLine, reasonOf, shortIds, visible } from '../../syscalls/print.ts';
import type { Program } from '../../syscalls/step.ts';
import { padTo, widthOf } from '../../syscalls/text/columns.ts';
import type { Language } from '../../syscalls/text/language.ts';
import { wrapText } from '../../syscalls/text/width.ts';
import type { Output } from './output.ts';
import { coloured, inOneLine, painted } from './printable.ts';

const styles = { section: '1;36', without: '31', with: '32', why: '2', lesson: '35', same: '2' };
type Style = keyof typeof styles;
type Paint = (style: Style, text: string) => string;

/** From so many columns on the programs stand side by side. */
const WIDE = 100;
const BETWEEN = ' │ ';

/**
 * `--dry-run --versus FLAGS`: what the flags change in a program. Steps of both are counted, others shown with their reasons:
 * side by side on a wide terminal, else one below the other, with - and +.
 */
export function showDifference(
  output: Output,
  programs: { without: Program; with: Program },
  { flags, form, language }: { flags: string; form: 'folded' | 'full' | 'json'; language: Language },
): void {
  const difference = differenceOf(programs.without, programs.with);
  if (form === 'json') {
    output.data(`${JSON.stringify({ versus: flags, ...differenceToJson(difference) }, null, 2)}\n`);
    return;
  }
  const { columns } = output;
  const colours = columns !== undefined && !process.env.NO_COLOR;
  const paint: Paint = (style, text) => (colours && text !== '' ? painted(styles[style], text) : text);
  const text = `${new Difference(inOneLine(flags), { unfold: form === 'full', language, paint, columns }).lines(difference).join('\n')}\n`;
  output.out(colours ? coloured(text) : text);
}

interface Form {
  readonly unfold: boolean;
  readonly language: Language;
  readonly paint: Paint;
  readonly columns: number | undefined;
}

class Difference {
  constructor(
    private readonly flags: string,
    private readonly form: Form,
  ) {}

  lines(difference: readonly SectionDifference[]): string[] {
    const { paint } = this.form;
    const changed = difference.filter(({ stretches }) => stretches.some(({ kind }) => kind === 'different'));
    if (changed.length === 0)
      return [`${this.flags}: no step differs; what it asks for is not asked of the kernel before the program starts`];
    const head = this.isWide
      ? this.beside([paint('without', 'without')], [paint('with', `with ${this.flags}`)])
      : [paint('without', '- without'), paint('with', `+ with ${this.flags}`)];
    return [...head, ...difference.flatMap(section => this.section(section))];
  }

  private get isWide(): boolean {
    return (this.form.columns ?? 0) >= WIDE;
  }

  private section({ name, counts, stretches }: SectionDifference): string[] {
    const { paint } = this.form;
    const [without, with_] = counts;
    const same = stretches.every(({ kind }) => kind === 'same');
    const sizes = same ? `${without} ${plural(without)}, all the same` : `${without} ${plural(without)}, then ${with_}`;
    const title = paint('section', `${name} section, ${sizes}`);
    if (same) return [title];
    return [
      title,
      ...stretches.flatMap(stretch =>
        stretch.kind === 'same'
          ? [paint('same', `       … ${stretch.count} ${plural(stretch.count)} the same`)]
          : this.different(stretch.without, stretch.with),
      ),
    ];
  }

  private different(without: readonly Numbered[], with_: readonly Numbered[]): string[] {
    const width = this.isWide ? this.half : this.form.columns;
    const unfold = this.form.unfold || looksTheSame(without, with_);
    const sides = [
      this.side('without', '-', without, unfold, width),
      this.side('with', '+', with_, unfold, width),
    ] as const;
    return this.isWide ? this.beside(...sides) : sides.flat();
  }

  /** Columns of one side. */
  private get half(): number {
    return Math.floor(((this.form.columns ?? WIDE) - BETWEEN.length) / 2);
  }

  private beside(left: readonly string[], right: readonly string[]): string[] {
    return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
      const cell = left[i] ?? '';
      const filled = cell + ' '.repeat(Math.max(0, this.half - widthOf(cell)));
      return `${filled}${BETWEEN}${right[i] ?? ''}`.trimEnd();
    });
  }

  /** Steps of one program that the other lacks, a line a step or group, the reason below. */
  private side(
    style: 'without' | 'with',
    sign: string,
    steps: readonly Numbered[],
    unfold: boolean,
    columns: number | undefined,
  ): string[] {
    const { paint, language } = this.form;
    const indent = ' '.repeat(7);
    const width = Math.max((columns ?? Number.POSITIVE_INFINITY) - indent.length, 20);
    const first = steps[0]?.number ?? 1;
    return fold(steps, unfold).flatMap(line => {
      const head = `${sign} ${padTo('', 4 - String(first + line.index).length)}${first + line.index} `;
      const { why, lesson } = reasonOf(line);
      const shown = breakLine(printLine(line, !unfold), width);
      const out = shown.map((part, i) => paint(style, i === 0 ? head + part : indent + part));
      const taught = lesson ? `  [${lessonName(lesson)}]` : '';
      if (taught !== '' && visible(shown.at(-1)!) + taught.length <= width)
        out[out.length - 1] += paint('lesson', taught);
      else if (taught !== '') out.push(paint('lesson', indent + taught.trim()));
      const reason = unfold ? why[language] : shortIds(why[language]);
      return [...out, ...wrapText(reason, width).map(part => indent + paint('why', part))];
    });
  }
}

function fold(steps: readonly Numbered[], unfold: boolean) {
  return foldLines(
    steps.map(({ step }) => step),
    unfold,
  );
}

/** Whether a folded line of one side is one of the other too: what differs is within the group. */
function looksTheSame(without: readonly Numbered[], with_: readonly Numbered[]): boolean {
  const shown = (steps: readonly Numbered[]) => fold(steps, false).map(line => printLine(line, true));
  const other = new Set(shown(with_));
  return shown(without).some(line => other.has(line));
}

const plural = (count: number) => (count === 1 ? 'step' : 'steps');
