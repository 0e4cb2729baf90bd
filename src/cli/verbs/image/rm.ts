import { MinidockError } from '../../../errors.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printError, printWarning } from '../../print/diagnostics.ts';
import { each } from '../../print/each.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] IMAGE [IMAGE...]',
  flags: {
    force: toggle('Remove it also where it has several tags or stopped containers use it', { short: 'f' }),
    'no-prune': toggle('Keep parents that are left without a name'),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  async run(context, flags, names) {
    const { images } = await context.engine();
    const remove = async (name: string) => {
      try {
        return await images.remove(name, { force: flags.force, prune: !flags['no-prune'] });
      } catch (error) {
        if (flags.force && error instanceof MinidockError && error.code === 'no-such-image') return error;
        throw error;
      }
    };
    const print = (_: string, removed: Awaited<ReturnType<typeof remove>>) => {
      // As with rm -f, what is not there is no failure; it is said all the same.
      if (removed instanceof MinidockError) printError(context.output, { message: removed.message });
      else {
        for (const line of removed.lines)
          context.output.out('untagged' in line ? `Untagged: ${line.untagged}\n` : `Deleted: ${line.deleted}\n`);
        for (const failure of removed.failures) printWarning(context.output, failure.message);
      }
    };
    // One after another: the names of one image may stand in any order.
    return each(names, context.output, remove, print, 1);
  },
});
