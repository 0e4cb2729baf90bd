import { families, sizes, widthInPixels } from '../../syscalls/text/fonts.ts';
import { dark, light, paper } from '../../syscalls/text/palette.ts';
import type { Language } from '../text/language.ts';
import type { Figure } from './figure.ts';
import { layout } from './layout.ts';
import type { Metrics, PlacedArrow, PlacedBox, PlacedText } from './scene.ts';
import type { Run } from './words.ts';

const LINE = 26;
const MARGIN = 32;
const HEAD = 62;
/** Of a picture in a file, in pixels; the margin comes on top. */
const WIDTH = 936;

const metrics: Metrics = {
  measure: widthInPixels,
  line: LINE,
  side: 18,
  top: 46,
  bottom: 14,
  least: 54,
  title: { x: 18, y: 12, after: 18 },
  gap: { x: 22, y: 18 },
  beforeInside: 10,
  cells: 22,
  label: { across: 14, down: 14 },
  changed: '',
};

/** A figure as a file of its own: it needs nothing from elsewhere, and is light or dark as its reader's screen is. */
export function figureToSvg(figure: Figure, language: Language): string {
  const { size, content } = drawn(figure, language, WIDTH);
  const tag = language === 'zh' ? 'zh-CN' : 'en';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} class="figure" role="img" lang="${tag}" xml:lang="${tag}" aria-labelledby="title summary">
  <title id="title">${escapeXml(figure.title[language])}</title>
  <desc id="summary">${escapeXml(figure.summary[language])}</desc>
  <!-- Made from figure.ts beside this file: npm run figures -->
  <style>
${style()}
  </style>
${content}
</svg>
`;
}

/**
 * A figure as an element of an HTML page, which has the rules of `figureRules` and chooses between light and dark.
 *
 * @param width of what is drawn, in pixels; the margin comes on top
 */
export function figureToElement(figure: Figure, language: Language, width = WIDTH): string {
  const { size, content } = drawn(figure, language, width);
  const label = escapeXml(figure.summary[language]).replaceAll('"', '&quot;');
  return `<svg ${size} class="figure" role="img" aria-label="${label}">\n${content}\n</svg>`;
}

function drawn(figure: Figure, language: Language, most: number): { size: string; content: string } {
  const scene = layout(figure, language, most, metrics);
  const [width, height] = [scene.width + 2 * MARGIN, scene.height + HEAD + 2 * MARGIN];
  const shapes = [...scene.boxes.map(boxToSvg), ...scene.arrows.map(arrowToSvg), ...scene.texts.map(textToSvg)];
  return {
    size: `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    content: `  <rect class="ground" width="${width}" height="${height}" rx="14"/>
  <text class="head" x="${MARGIN}" y="${MARGIN + 26}">${escapeXml(figure.title[language])}</text>
  <g transform="translate(${MARGIN} ${MARGIN + HEAD})">
${shapes.map(line => `    ${line}`).join('\n')}
  </g>`,
  };
}

function boxToSvg({ x, y, w, h, tone, border }: PlacedBox): string {
  const rect = (inset: number, name: string) =>
    `<rect class="${name}" x="${x + inset}" y="${y + inset}" width="${w - 2 * inset}" height="${h - 2 * inset}" rx="${10 - inset}"/>`;
  if (border === 'double') return `${rect(0, tone)}${rect(4, `${tone} inner`)}`;
  return rect(0, border === 'solid' ? tone : `${tone} ${border}`);
}

function arrowToSvg({ points, tone, ends }: PlacedArrow): string {
  const line = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join(' ');
  const tips = [
    ...(ends === 'cut' ? [] : [tip(points.at(-1)!, points.at(-2)!)]),
    ...(ends === 'both' ? [tip(points[0]!, points[1]!)] : []),
  ];
  return `<path class="way ${tone}${ends === 'cut' ? ' dashed' : ''}" d="${line}"/>${tips.map(d => `<path class="tip ${tone}" d="${d}"/>`).join('')}`;
}

/** A triangle whose point is at `end`, looking away from `before`. */
function tip([x, y]: readonly [number, number], before: readonly [number, number]): string {
  const [dx, dy] = [Math.sign(x - before[0]), Math.sign(y - before[1])];
  const [bx, by] = [x - 12 * dx, y - 12 * dy];
  return `M${x} ${y} L${bx - 6 * dy} ${by - 6 * dx} L${bx + 6 * dy} ${by + 6 * dx} Z`;
}

function textToSvg({ x, y, w, runs, role, tone, mark }: PlacedText): string {
  const classes = [role, role === 'line' ? '' : tone, mark ?? ''].filter(name => name !== '').join(' ');
  const middle = role === 'label';
  return `<text class="${classes}" x="${middle ? x + w / 2 : x}" y="${y + 19}">${runs.map(run => runToSvg(run, role)).join('')}</text>`;
}

function runToSvg({ text, code, strong }: Run, role: PlacedText['role']): string {
  const names = [code ? 'code' : '', strong && role !== 'title' ? 'strong' : ''].filter(name => name !== '');
  return names.length > 0 ? `<tspan class="${names.join(' ')}">${escapeXml(text)}</tspan>` : escapeXml(text);
}

/** What figures look like, as rules of CSS: those of all, and the colours of both schemes. */
export function figureRules(): { base: string[]; light: string[]; dark: string[] } {
  return {
    base: [
      `.figure { font-family: ${families.text}; }`,
      `.figure text { font-size: ${sizes.text}px; white-space: pre; }`,
      `.figure text.head { font-size: ${sizes.head}px; font-weight: bold; }`,
      `.figure .title, .figure .strong, .figure .changed { font-weight: bold; }`,
      `.figure .label { text-anchor: middle; }`,
      `.figure .code { font-family: ${families.code}; font-size: ${sizes.code}px; }`,
      `.figure rect { stroke-width: 2; }`,
      `.figure .ground, .figure .tip { stroke: none; }`,
      `.figure .dashed { stroke-dasharray: 8 6; }`,
      `.figure .heavy { stroke-width: 4; }`,
      `.figure .inner { fill: none; stroke-width: 1.5; }`,
      `.figure .way { stroke-width: 3; fill: none; }`,
    ],
    light: colourRules(light, paper.light),
    dark: colourRules(dark, paper.dark),
  };
}

function colourRules(
  colours: typeof light,
  { ground, text, faint, code, good, bad }: (typeof paper)['light'],
): string[] {
  return [
    `.figure .ground { fill: ${ground}; }`,
    `.figure text { fill: ${text}; }`,
    `.figure .line .code { fill: ${code}; }`,
    `.figure .dim, .figure .dim .code { fill: ${faint}; }`,
    `.figure .good { fill: ${good}; }`,
    `.figure text.danger.line { fill: ${bad}; }`,
    ...Object.entries(colours).flatMap(([tone, { fill, stroke, ink }]) => [
      `.figure rect.${tone} { fill: ${fill}; stroke: ${stroke}; }`,
      `.figure text.${tone} { fill: ${ink}; }`,
      `.figure .way.${tone} { stroke: ${ink}; }`,
      `.figure .tip.${tone} { fill: ${ink}; }`,
    ]),
  ];
}

function style(): string {
  const { base, light, dark } = figureRules();
  return [
    ...[...base, ...light].map(rule => `    ${rule}`),
    `    @media screen and (prefers-color-scheme: dark) {`,
    ...dark.map(rule => `      ${rule}`),
    `    }`,
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
