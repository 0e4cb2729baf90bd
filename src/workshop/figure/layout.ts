import type { Language } from '../text/language.ts';
import { type Arrow, boxesOf, column, type Figure, note } from './figure.ts';
import { route } from './route.ts';
import type { Metrics, PlacedArrow, PlacedText, Scene } from './scene.ts';
import { Sizer } from './size.ts';
import { type Run, runsOf } from './words.ts';

/**
 * Places a figure within `width`. Rows that do not fit become columns; an arrow that would cross a text or a box it does not
 * belong to is told in words instead, between the two boxes or below the picture.
 */
export function layout(figure: Figure, language: Language, width: number, metrics: Metrics): Scene {
  const arrows = figure.arrows ?? [];
  checkNames(figure);
  const told = new Map<Arrow, readonly Run[]>();
  for (;;) {
    const sizer = new Sizer(metrics, language, arrows, told);
    const placed = sizer.size(figure.body, width);
    placed.place({ x: 0, y: 0, w: Math.max(width, placed.w), h: placed.h });
    const drawn: PlacedArrow[] = [];
    const labels: PlacedText[] = [];
    const failed: Arrow[] = [];
    const far: Arrow[] = [];
    for (const arrow of arrows) {
      const gap = sizer.gaps.find(
        ({ before, after }) =>
          (before.has(arrow.from) && after.has(arrow.to)) || (before.has(arrow.to) && after.has(arrow.from)),
      );
      if (gap === undefined) far.push(arrow);
      if (gap === undefined || told.has(arrow)) continue;
      const rival = arrows.filter(other => !told.has(other) && samePair(other, arrow));
      const found = route({
        arrow,
        gap,
        boxes: sizer.boxes,
        texts: [...sizer.texts, ...labels],
        nth: rival.indexOf(arrow),
        count: rival.length,
        metrics,
        language,
      });
      if (found === undefined) failed.push(arrow);
      else {
        drawn.push(found.arrow);
        labels.push(...found.label);
      }
    }
    if (failed.length === 0) {
      const scene = {
        width: Math.max(width, placed.w),
        height: placed.h,
        boxes: sizer.boxes,
        texts: [...sizer.texts, ...labels],
        arrows: drawn,
      };
      return far.length === 0 ? scene : below(scene, figure, far, language, width, metrics);
    }
    const inColumn = (arrow: Arrow) =>
      sizer.gaps.some(
        ({ axis, before, after }) =>
          axis === 'y' &&
          ((before.has(arrow.from) && after.has(arrow.to)) || (before.has(arrow.to) && after.has(arrow.from))),
      );
    for (const arrow of failed) told.set(arrow, inWords(figure, arrow, language, inColumn(arrow)));
    // In a row there is no place for words between the boxes.
    if (failed.some(arrow => !inColumn(arrow)))
      return layout(
        withWords(
          figure,
          failed.filter(arrow => !inColumn(arrow)),
          language,
        ),
        language,
        width,
        metrics,
      );
  }
}

function below(
  scene: Scene,
  figure: Figure,
  far: readonly Arrow[],
  language: Language,
  width: number,
  metrics: Metrics,
): Scene {
  return scene.boxes.length === 0 ? scene : layout(withWords(figure, far, language), language, width, metrics);
}

/** The figure with some of its arrows as lines of text below it. */
function withWords(figure: Figure, arrows: readonly Arrow[], language: Language): Figure {
  const lines = arrows.map(arrow => {
    const text = inWords(figure, arrow, language, false)
      .map(run => (run.code ? `\`${run.text}\`` : run.strong ? `**${run.text}**` : run.text))
      .join('');
    return { en: text, zh: text };
  });
  return {
    ...figure,
    body: column(figure.body, note(...lines)),
    arrows: (figure.arrows ?? []).filter(arrow => !arrows.includes(arrow)),
  };
}

const ends = { one: ' → ', both: ' ↔ ', cut: ' ┆ ' };

function inWords(figure: Figure, arrow: Arrow, language: Language, between: boolean): Run[] {
  const boxes = boxesOf(figure.body);
  const titleOf = (name: string) => runsOf(boxes.find(box => box.name === name)!.title, language, true);
  const order = boxes.findIndex(box => box.name === arrow.from) < boxes.findIndex(box => box.name === arrow.to);
  const head = between ? `${arrow.ends === 'both' ? '↕' : arrow.ends === 'cut' ? '┆' : order ? '↓' : '↑'} ` : '';
  const label = arrow.label === undefined ? [] : runsOf(arrow.label, language);
  return [
    ...(head ? [{ text: head }] : []),
    ...titleOf(arrow.from),
    { text: ends[arrow.ends ?? 'one'] },
    ...titleOf(arrow.to),
    ...(label.length > 0 ? [{ text: language === 'zh' ? '：' : ': ' }] : []),
    ...label.map(run => ({ ...run, text: run.text.replaceAll('\n', ' ') })),
  ];
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
