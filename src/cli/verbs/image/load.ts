import { isatty } from 'node:tty';
import { MinidockError } from '../../../errors.ts';
import type { LoadEvent } from '../../../image/archive/load.ts';
import type { Context } from '../../context.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printWarning } from '../../print/diagnostics.ts';
import { LayerList } from '../../progress/layer-list.ts';
import { terminalSize } from '../../progress/pull-image.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    input: text('Read from this file and not from standard input', { short: 'i', completes: 'files' }),
    quiet: toggle('Show no progress', { short: 'q' }),
  },
  operands: [0, 0],
  async run(context, flags) {
    if (flags.input === undefined && isatty(0)) {
      throw new MinidockError('no-input', 'requested load from stdin, but stdin is empty');
    }
    const { images } = await context.engine();
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(signal));
    try {
      await images.load(flags.input ?? process.stdin, {
        onProgress: printer(context, flags.quiet),
        abort: stop.signal,
      });
      return 0;
    } catch (error) {
      if (stop.signal.aborted) return stop.signal.reason === 'SIGINT' ? 130 : 143;
      throw error;
    }
  },
});

/** Progress only on a terminal, as docker load. */
function printer({ output }: Context, quiet: boolean): (event: LoadEvent) => void {
  const list = quiet || !isatty(1) ? undefined : new LayerList(output.out, terminalSize(1));
  return event => {
    if (event.kind === 'layer') list?.show(event);
    else if (event.kind === 'warning') printWarning(output, event.message);
    else if (event.kind === 'renamed') {
      output.out(
        `The image ${event.name} already exists, renaming the old one with ID ${event.from} to empty string\n`,
      );
    } else output.out(event.name === undefined ? `Loaded image ID: ${event.id}\n` : `Loaded image: ${event.name}\n`);
  };
}
