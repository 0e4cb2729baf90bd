import { families, sizes, widthInPixels } from '../../syscalls/text/fonts.ts';
import { dark, light, paper, type Tone } from '../../syscalls/text/palette.ts';
import { lanes, type Message } from './sequence.ts';

/** Pixels. */
const width = 1760;
const places = [140, 600, 1060, 1620] as const;
const top = 170;
const rowHeight = 42;
const textSize = 18;
const noteSize = 15;

const laneTones: readonly Tone[] = ['process', 'network', 'host', 'kernel'];
const tones: Readonly<Record<Message['tone'], Tone>> = {
  ask: 'host',
  answer: 'container',
  kernel: 'kernel',
  failed: 'danger',
};

/**
 * The sequence diagram that a teacher can project: a file of its own, light or dark as its reader's screen is.
 *
 * @param title what was done: the command
 */
export function sequencePicture(messages: readonly Message[], title: string): string {
  const bottom = top + messages.length * rowHeight + 20;
  const height = bottom + 30;
  const shown = cut(title, width - 80, 30);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" class="sequence" role="img" lang="en" xml:lang="en" aria-labelledby="title summary">
  <title id="title">${escapeXml(title)}</title>
  <desc id="summary">${escapeXml(`${messages.length} messages between ${lanes.join(', ')}`)}</desc>
  <style>
${style()}
  </style>
  <rect class="ground" width="${width}" height="${height}"/>
  <text class="head" x="40" y="52">${escapeXml(shown)}</text>
${lanes.map((name, lane) => laneToSvg(name, lane, bottom)).join('\n')}
${messages.map((message, row) => messageToSvg(message, top + row * rowHeight)).join('\n')}
</svg>
`;
}

function laneToSvg(name: string, lane: number, bottom: number): string {
  const x = places[lane]!;
  const [w, tone] = [220, laneTones[lane]!];
  return `  <path class="life" d="M${x} ${top - 40} V${bottom}"/>
  <rect class="${tone}" x="${x - w / 2}" y="84" width="${w}" height="46" rx="10"/>
  <text class="lane ${tone}" x="${x}" y="114">${name}</text>`;
}

/** The words stand on the line, the note at its far end. */
function messageToSvg({ from, to, text, tone, request, ...more }: Message, y: number): string {
  const note = more.lesson === undefined ? more.note : `${more.note}, ${more.lesson}`;
  const [left, right] = [places[Math.min(from, to)]!, places[Math.max(from, to)]!];
  const colour = tones[tone];
  const line = y + 26;
  const [start, end] = to > from ? [left + 2, right - 2] : [right - 2, left + 2];
  const toward = to > from ? 1 : -1;
  const number = Math.min(from, to) === 0 ? `${request}  ` : '';
  const noted = note === '' ? 0 : widthOf(note, noteSize) + 18;
  const shown = cut(`${number}${text}`, right - left - noted - 40, textSize);
  const notes = note === '' ? '' : `<text class="note" x="${right - 20}" y="${y + 18}">${escapeXml(note)}</text>`;
  return `  <path class="way ${colour}${tone === 'answer' ? ' dashed' : ''}" d="M${start} ${line} H${end - 10 * toward}"/><path class="tip ${colour}" d="M${end} ${line} l${-13 * toward} -7 v14 Z"/><text class="${colour}" x="${left + 18}" y="${y + 18}">${escapeXml(shown)}</text>${notes}`;
}

const widthOf = (text: string, size: number) =>
  (widthInPixels({ text, strong: false, code: false }) * size) / sizes.text;

function cut(text: string, room: number, size: number): string {
  if (widthOf(text, size) <= room) return text;
  let shown = text;
  while (shown !== '' && widthOf(`${shown}…`, size) > room) shown = shown.slice(0, -1);
  return `${shown.trimEnd()}…`;
}

function style(): string {
  const rules = (colours: typeof light, { ground, text, faint }: (typeof paper)['light']) => [
    `.sequence .ground { fill: ${ground}; }`,
    `.sequence text { fill: ${text}; }`,
    ...Object.entries(colours).flatMap(([tone, { fill, stroke, ink }]) => [
      `.sequence rect.${tone} { fill: ${fill}; stroke: ${stroke}; }`,
      `.sequence text.${tone} { fill: ${ink}; }`,
      `.sequence .way.${tone} { stroke: ${stroke}; }`,
      `.sequence .tip.${tone} { fill: ${stroke}; }`,
    ]),
    `.sequence .note { fill: ${faint}; }`,
    `.sequence .life { stroke: ${faint}; }`,
  ];
  return [
    `    .sequence { font-family: ${families.text}; }`,
    `    .sequence text { font-size: ${textSize}px; white-space: pre; }`,
    '    .sequence text.head { font-size: 30px; font-weight: bold; }',
    '    .sequence text.lane { font-size: 21px; font-weight: bold; text-anchor: middle; }',
    `    .sequence text.note { font-size: ${noteSize}px; text-anchor: end; }`,
    '    .sequence rect { stroke-width: 2; }',
    '    .sequence .ground { stroke: none; }',
    '    .sequence .life { stroke-width: 2; stroke-dasharray: 3 7; }',
    '    .sequence .way { fill: none; stroke-width: 2.5; }',
    '    .sequence .dashed { stroke-dasharray: 9 6; }',
    ...rules(light, paper.light).map(rule => `    ${rule}`),
    '    @media screen and (prefers-color-scheme: dark) {',
    ...rules(dark, paper.dark).map(rule => `      ${rule}`),
    '    }',
  ].join('\n');
}

const escapeXml = (text: string): string =>
  text
    .replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '·')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
