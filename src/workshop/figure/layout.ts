import type { Language } from '../text/language.ts';
import { type Arrow, boxesOf, column, type Figure, note, type Words } from './figure.ts';
import { route } from './route.ts';
import type { Metrics, PlacedArrow, PlacedText, Scene } from './scene.ts';
import { type Gap, Sizer } from './size.ts';

/** Where an arrow is told in words: between the boxes of a column, or below the figure. */
interface Told {
  readonly between: Map<Arrow, string>;
  readonly below: Map<Arrow, string>;
}

/**
 * Places a figure within `width`. Rows that do not fit become columns; an arrow that would cross a text or a box it does not
 * belong to is told in words instead, between the two boxes or below the picture.
 */
export function layout(figure: Figure, language: Language, width: number, metrics: Metrics): Scene {
  checkNames(figure);
  const told: Told = { between: new Map(), below: new Map() };
  for (;;) {
    const { scene, barred } = attempt(figure, language, width, metrics, told);
    if (barred.length === 0) return scene;
    // Each turn tells one arrow more, so this ends.
    for (const { arrow, gap } of barred) {
      if (gap?.axis === 'y') told.between.set(arrow, inWords(figure, arrow, language, true));
      else told.below.set(arrow, inWords(figure, arrow, language, false));
    }
  }
}

interface Attempt {
  readonly scene: Scene;
  /** Arrows without a free way; without a gap where their boxes are no neighbours. */
  readonly barred: readonly { readonly arrow: Arrow; readonly gap?: Gap }[];
}

function attempt(figure: Figure, language: Language, width: number, metrics: Metrics, told: Told): Attempt {
  const arrows = (figure.arrows ?? []).filter(arrow => !told.below.has(arrow));
  const words = [...told.below.values()];
  const sizer = new Sizer(metrics, language, arrows, told.between);
  const sized = sizer.size(words.length > 0 ? column(figure.body, note(...words)) : figure.body, width);
  const full = Math.max(width, sized.w);
  sizer.place(sized, full);
  const drawn: PlacedArrow[] = [];
  const labels: PlacedText[] = [];
  const barred: Attempt['barred'][number][] = [];
  for (const arrow of arrows.filter(one => !told.between.has(one))) {
    const gap = sizer.gaps.find(one => crosses(arrow, one));
    const rivals = arrows.filter(other => !told.between.has(other) && samePair(other, arrow));
    const found =
      gap &&
      route({
        arrow,
        gap,
        boxes: sizer.boxes,
        texts: [...sizer.texts, ...labels],
        nth: rivals.indexOf(arrow),
        count: rivals.length,
        metrics,
        language,
      });
    if (found === undefined) barred.push({ arrow, gap });
    else {
      drawn.push(found.arrow);
      labels.push(...found.label);
    }
  }
  const texts = [...sizer.texts, ...labels];
  return { scene: { width: full, height: sized.h, boxes: sizer.boxes, texts, arrows: drawn }, barred };
}

/** `↓ first → second: label`, with its marks. */
function inWords(
  figure: Figure,
  { from, to, label, ends = 'one' }: Arrow,
  language: Language,
  between: boolean,
): string {
  const boxes = boxesOf(figure.body);
  const text = (words: Words) => (typeof words === 'string' ? words : words[language]);
  const titleOf = (name: string) => `**${text(boxes.find(box => box.name === name)!.title)}**`;
  const isDown = boxes.findIndex(box => box.name === from) < boxes.findIndex(box => box.name === to);
  const sign = ends === 'both' ? '↕' : ends === 'cut' ? '┆' : isDown ? '↓' : '↑';
  const relation = { one: '→', both: '↔', cut: '┆' }[ends];
  const colon = language === 'zh' ? '：' : ': ';
  const said = label === undefined ? '' : colon + text(label).replaceAll('\n', ' ');
  return `${between ? `${sign} ` : ''}${titleOf(from)} ${relation} ${titleOf(to)}${said}`;
}

function crosses({ from, to }: Arrow, { before, after }: Gap): boolean {
  return (before.has(from) && after.has(to)) || (before.has(to) && after.has(from));
}

const samePair = (a: Arrow, b: Arrow) => (a.from === b.from && a.to === b.to) || (a.from === b.to && a.to === b.from);

/** Names are unique, and every arrow's ends are there. */
function checkNames(figure: Figure): void {
  const names = boxesOf(figure.body).flatMap(({ name }) => name ?? []);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`figure: two boxes have the name ${twice}`);
  for (const { from, to } of figure.arrows ?? [])
    for (const end of [from, to]) if (!names.includes(end)) throw new Error(`figure: an arrow names no box: ${end}`);
}
