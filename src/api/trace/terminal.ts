import { cutTo, padTo, widthOf } from '../../syscalls/text/columns.ts';
import { lanes, type Message } from './sequence.ts';

/** From how many columns on there is room for lanes. */
const leastColumns = 140;
/** How a message looks on a terminal with colours. */
const colours = { ask: '1', answer: '32', kernel: '35', failed: '1;31' } as const;

type Paint = (tone: keyof typeof colours | 'line', text: string) => string;

const plain: Paint = (_, text) => text;
const painted: Paint = (tone, text) => `\x1b[${tone === 'line' ? '2' : colours[tone]}m${text}\x1b[0m`;

/**
 * Draws messages on a terminal of so many columns: with lanes where there is room for them, else each message in its line, moved in as
 * far as it goes. Returns what stands before the first message, and what draws one.
 */
export function terminalView(columns: number, colour = false): { head: string; line(message: Message): string } {
  const paint = colour ? painted : plain;
  if (columns < leastColumns) return { head: '', line: message => listed(message, columns, paint) };
  const places = placesIn(columns);
  return { head: `${headOf(places)}\n`, line: message => drawn(message, places, paint) };
}

/** Columns of the four life lines. What the kernel is asked to do has the most to say. */
function placesIn(columns: number): readonly number[] {
  const last = Math.min(columns, 200) - 9;
  const first = 3;
  const room = last - first;
  return [first, first + Math.round(room * 0.33), first + Math.round(room * 0.62), last];
}

function headOf(places: readonly number[]): string {
  let line = '';
  for (const [lane, name] of lanes.entries()) {
    const shown = lane === 3 ? 'kernel' : name;
    line = padTo(line, Math.max(0, places[lane]! - (shown.length >> 1))) + shown;
  }
  return line;
}

/** `│── POST /containers/create ───▶│` in its place, the other life lines beside it. */
function drawn(message: Message, places: readonly number[], paint: Paint): string {
  const { from, to, text, tone, request } = message;
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  const room = places[right]! - places[left]! - 1;
  const number = left === 0 ? `${request} ` : '';
  const note = noteOf(message);
  const end = note === '' ? '' : ` ${note} `;
  const shown = cut(`${number}${text}`, room - 7 - widthOf(end));
  const filled = (width: number) => paint('line', '─'.repeat(Math.max(0, width)));
  const rest = room - widthOf(shown) - widthOf(end) - 6;
  const arrow =
    to > from
      ? `${filled(2)} ${paint(tone, shown)} ${filled(rest)}${paint('line', end)}${filled(1)}${paint(tone, '▶')}`
      : `${paint(tone, '◀')}${filled(1)} ${paint(tone, shown)} ${filled(rest)}${paint('line', end)}${filled(2)}`;
  let line = '';
  let at = 0;
  for (const [lane, place] of places.entries()) {
    line += ' '.repeat(Math.max(0, place - at)) + paint('line', '│');
    at = place + 1;
    if (lane !== left) continue;
    line += arrow;
    at = places[right]!;
  }
  return `${line}\n`;
}

function listed(message: Message, columns: number, paint: Paint): string {
  const { from, to, text, tone, request } = message;
  const note = noteOf(message);
  const indent = '  '.repeat(Math.min(from, to));
  const number = Math.min(from, to) === 0 ? `${request} ` : '';
  const head = `${indent}${to > from ? '→' : '←'} `;
  // Where there is no room for both the words count.
  const end = note === '' || columns < 60 ? '' : `  ${note}`;
  const shown = cut(`${number}${text}`, columns - widthOf(head) - widthOf(end));
  return `${paint('line', head)}${paint(tone, shown)}${paint('line', end)}\n`;
}

/** `26 steps, lesson 07` */
const noteOf = ({ note, lesson }: Message) => (lesson === undefined ? note : `${note}, lesson ${lesson.slice(0, 2)}`);

/** As `cutTo`. Control characters do not reach the terminal. */
const cut = (text: string, width: number): string =>
  cutTo(text.replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '·'), width);
