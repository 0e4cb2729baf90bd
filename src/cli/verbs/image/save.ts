import { isatty } from 'node:tty';
import { MinidockError } from '../../../errors.ts';
import { writeWhole } from '../../files/whole-file.ts';
import { text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] IMAGE [IMAGE...]',
  flags: { output: text('Write to this file and not to standard output', { short: 'o', completes: 'files' }) },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['images'],
  async run(context, flags, names) {
    if (!flags.output && isatty(1)) {
      throw new MinidockError('refused', 'cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    const { images } = await context.engine();
    if (!flags.output) await images.save(names, chunk => context.output.out(chunk));
    else await writeWhole(flags.output, 'save image', write => images.save(names, write));
    return 0;
  },
});
