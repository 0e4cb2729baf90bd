import type { Point, Walk } from '../../capture/model.ts';
import { TerminalView } from '../../capture/views/terminal.ts';
import type { Context } from '../context.ts';
import { coloured } from '../print/printable.ts';

/** Columns of the walk: as many as the terminal has, within what can be read; 80 where there is none. */
const [narrowest, widest, usual] = [60, 132, 80];

/** Prints walks on standard output: in colours on a terminal, plain elsewhere. */
export function walkPrinter({ output, env }: Context, points: readonly Point[]): (walk: Walk) => void {
  const { columns } = output;
  const width = Math.min(widest, Math.max(narrowest, columns ?? usual));
  const colours = columns !== undefined && !env.NO_COLOR;
  const view = new TerminalView(points, width, colours);
  return walk => output.out(colours ? coloured(view.walk(walk)) : view.walk(walk));
}

/** `3 packets`, `1 packet`. */
export const counted = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
