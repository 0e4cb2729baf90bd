import type { TraceEvent } from '../../api/trace/model.ts';
import { Teller } from '../../api/trace/sequence.ts';
import { terminalView } from '../../api/trace/terminal.ts';
import { coloured } from '../print/printable.ts';

/**
 * Prints what happens at a daemon as a sequence diagram, as it happens.
 *
 * @param columns of the terminal that it goes to, if it does: then it has colours, but for NO_COLOR
 */
export function traceShower(
  print: (content: string | Uint8Array) => void,
  columns: number | undefined,
): (event: TraceEvent) => void {
  const view = terminalView(columns ?? 160, columns !== undefined && !process.env.NO_COLOR);
  let teller: Teller | undefined;
  return event => {
    if (teller === undefined) print(coloured(view.head));
    teller ??= new Teller(event.at);
    print(coloured(view.line(teller.message(event))));
  };
}
