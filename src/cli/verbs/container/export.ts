import { isatty } from 'node:tty';
import { MinidockError } from '../../../errors.ts';
import { writeWhole } from '../../files/whole-file.ts';
import { text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER',
  flags: { output: text('Write to this file and not to standard output', { short: 'o', completes: 'files' }) },
  operands: [1, 1],
  completes: ['containers'],
  async run(context, { output }, [name]) {
    if (!output && isatty(1))
      throw new MinidockError('refused', 'cowardly refusing to save to a terminal. Use the -o flag or redirect');
    const { containers } = await context.engine();
    const fill = async (write: (chunk: Buffer) => void) => {
      for await (const chunk of containers.export(name!)) write(chunk);
    };
    if (!output) await fill(chunk => context.output.out(chunk));
    else await writeWhole(output, 'export container', fill);
    return 0;
  },
});
