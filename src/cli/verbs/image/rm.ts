import { MinidockError } from '../../../errors.ts';
import type { Removal } from '../../../image/remove.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printError, printWarning } from '../../print/diagnostics.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] IMAGE [IMAGE...]',
  flags: {
    force: toggle('Remove it also where it has several tags or stopped containers use it', { short: 'f' }),
    'no-prune': toggle('Keep parents that are left without a name'),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['images'],
  async run(context, flags, names) {
    const { images } = await context.engine();
    const removed = await images.remove(names, { force: flags.force, prune: !flags['no-prune'] });
    const errors: MinidockError[] = [];
    for (const outcome of removed.outcomes) {
      // As with rm -f, an image that does not exist is no failure; the message is printed all the same.
      if (!(outcome instanceof MinidockError)) context.output.out(outcome.map(printed).join(''));
      else if (flags.force && outcome.code === 'no-such-image')
        printError(context.output, { message: outcome.message });
      else errors.push(outcome);
    }
    for (const failure of removed.failures) printWarning(context.output, failure.message);
    for (const error of errors) printError(context.output, error);
    return errors.length > 0 ? 1 : 0;
  },
});

const printed = (line: Removal[number]) =>
  'untagged' in line ? `Untagged: ${line.untagged}\n` : `Deleted: ${line.deleted}\n`;
