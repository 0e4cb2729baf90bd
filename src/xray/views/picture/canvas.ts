import { families, sizes, widthInPixels } from '../../../syscalls/text/fonts.ts';
import { dark, light, paper, type Tone } from '../../../syscalls/text/palette.ts';
import { tame } from '../words.ts';

/** How a text looks. */
export interface Style {
  /** Pixels. */
  readonly size?: number;
  readonly strong?: boolean;
  readonly code?: boolean;
  /** Of less weight. */
  readonly dim?: boolean;
  /** In the colour of what it stands in. */
  readonly tone?: Tone;
  /** Ends at x instead of beginning there. */
  readonly right?: boolean;
}

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Pixels from one line of text to the next. */
export const lineHeight = 25;
const textSize = 17;

/** Collects the elements of an SVG. A text never gets wider than the room that it is given: it is cut, with `…`. */
export class Canvas {
  readonly #frames: string[] = [];
  readonly #back: string[] = [];
  readonly #ways: string[] = [];
  readonly #texts: string[] = [];
  /** Where each text stands, for whoever wants to know that none covers another. */
  readonly placed: (Area & { readonly text: string })[] = [];

  rect(area: Area, tone: Tone, look: Look = {}): void {
    this.#back.push(rectangle(area, tone, look));
  }

  /** A frame around what is drawn already: behind all other rectangles, and behind the frames before it. */
  behind(area: Area, tone: Tone, look: Look = {}): void {
    this.#frames.unshift(rectangle(area, tone, look));
  }

  /** @param y of the line's top; @param room in pixels. Returns how wide the text is. */
  text(text: string, x: number, y: number, room: number, style: Style = {}): number {
    const { size = textSize, right = false } = style;
    const shown = cut(text, room, style);
    const width = widthOf(shown, style);
    if (shown === '') return 0;
    const names = [
      style.strong ? 'strong' : '',
      style.code ? 'code' : '',
      style.tone ?? '',
      style.dim ? 'dim' : '',
      right ? 'right' : '',
    ].filter(name => name !== '');
    const named = names.length > 0 ? ` class="${names.join(' ')}"` : '';
    const sized = size === textSize ? '' : ` style="font-size:${size}px"`;
    this.#texts.push(`<text${named}${sized} x="${x}" y="${round(y + size * 1.1)}">${escapeXml(shown)}</text>`);
    this.placed.push({ x: right ? x - width : x, y, w: width, h: size * 1.3, text: shown });
    return width;
  }

  /** A line through points; the arrow's tip, where it has one, is at the last. */
  way(points: readonly (readonly [number, number])[], kind: 'cable' | 'arrow' | 'link', tip = false): void {
    const line = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join(' ');
    this.#ways.push(`<path class="way ${kind}" d="${line}"/>`);
    if (!tip) return;
    const [[x, y], before] = [points.at(-1)!, points.at(-2)!];
    const toward = Math.sign(x - before[0]) || 1;
    this.#ways.push(
      `<path class="tip ${kind}" d="M${x} ${y} L${x - 13 * toward} ${y - 7} L${x - 13 * toward} ${y + 7} Z"/>`,
    );
  }

  /** The end of a cable. */
  plug(x: number, y: number): void {
    this.#ways.push(`<rect class="plug" x="${x - 7}" y="${y - 9}" width="14" height="18" rx="3"/>`);
  }

  svg({
    width,
    height,
    title,
    summary,
    language,
  }: {
    width: number;
    height: number;
    title: string;
    summary: string;
    language: string;
  }): string {
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" class="xray" role="img" lang="${language}" xml:lang="${language}" aria-labelledby="title summary">
  <title id="title">${escapeXml(title)}</title>
  <desc id="summary">${escapeXml(summary)}</desc>
  <style>
${style()}
  </style>
  <rect class="ground" width="${width}" height="${height}"/>
${[...this.#frames, ...this.#back, ...this.#ways, ...this.#texts].map(line => `  ${line}`).join('\n')}
</svg>
`;
  }
}

interface Look {
  readonly dashed?: boolean;
  readonly rx?: number;
}

function rectangle({ x, y, w, h }: Area, tone: Tone, { dashed = false, rx = 10 }: Look): string {
  const name = dashed ? `${tone} dashed` : tone;
  return `<rect class="${name}" x="${x}" y="${y}" width="${w}" height="${h}" rx="${rx}"/>`;
}

const round = (number: number) => Math.round(number * 10) / 10;

/** Pixels. */
export function widthOf(text: string, { size = textSize, strong = false, code = false }: Style): number {
  return (widthInPixels({ text, strong, code }) * size) / (code ? sizes.code : sizes.text);
}

function cut(text: string, room: number, style: Style): string {
  const clean = tame(text);
  if (widthOf(clean, style) <= room) return clean;
  const characters = [...clean];
  let [fits, tooLong] = [0, characters.length];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (widthOf(`${characters.slice(0, middle).join('')}…`, style) <= room) fits = middle;
    else tooLong = middle;
  }
  return fits === 0 ? '' : `${characters.slice(0, fits).join('').trimEnd()}…`;
}

function style(): string {
  const rules = (colours: typeof light, { ground, text, faint }: (typeof paper)['light']) => [
    `.xray .ground { fill: ${ground}; }`,
    `.xray text { fill: ${text}; }`,
    ...Object.entries(colours).flatMap(([tone, { fill, stroke, ink }]) => [
      `.xray rect.${tone} { fill: ${fill}; stroke: ${stroke}; }`,
      `.xray text.${tone} { fill: ${ink}; }`,
    ]),
    `.xray text.dim { fill: ${faint}; }`,
    `.xray .cable, .xray .link { stroke: ${colours.network.stroke}; }`,
    `.xray .plug { fill: ${colours.network.ink}; }`,
    `.xray .arrow { stroke: ${colours.danger.stroke}; }`,
    `.xray .tip.arrow { fill: ${colours.danger.stroke}; }`,
    `.xray .tip.link { fill: ${colours.network.stroke}; }`,
  ];
  return [
    `    .xray { font-family: ${families.text}; }`,
    `    .xray text { font-size: ${textSize}px; white-space: pre; }`,
    `    .xray .strong { font-weight: bold; }`,
    `    .xray .right { text-anchor: end; }`,
    `    .xray .code { font-family: ${families.code}; }`,
    `    .xray rect { stroke-width: 2; }`,
    `    .xray .ground { stroke: none; }`,
    `    .xray .dashed { stroke-dasharray: 8 6; }`,
    `    .xray .way { fill: none; stroke-width: 3; }`,
    `    .xray .way.cable { stroke-width: 7; stroke-linecap: round; }`,
    `    .xray .way.link { stroke-dasharray: 8 6; }`,
    `    .xray .tip, .xray .plug { stroke: none; }`,
    ...rules(light, paper.light).map(rule => `    ${rule}`),
    `    @media screen and (prefers-color-scheme: dark) {`,
    ...rules(dark, paper.dark).map(rule => `      ${rule}`),
    `    }`,
  ].join('\n');
}

function escapeXml(text: string): string {
  return tame(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
