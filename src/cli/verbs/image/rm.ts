import { MinidockError } from '../../../errors.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { each } from '../../print/each.ts';
import { usesOf } from './uses.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] IMAGE [IMAGE...]',
  flags: {
    force: toggle('Remove it also where it has several tags or stopped containers use it', { short: 'f' }),
    'no-prune': toggle('Keep parents that are left without a name'),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  async run(context, flags, names) {
    const images = await context.images();
    return each(names, context.output, async name => {
      try {
        const options = { force: flags.force, prune: !flags['no-prune'], uses: await usesOf(context) };
        for (const line of (await images.remove(name, options)).lines) {
          context.output.out('untagged' in line ? `Untagged: ${line.untagged}\n` : `Deleted: ${line.deleted}\n`);
        }
      } catch (error) {
        if (!flags.force || !(error instanceof MinidockError) || error.code !== 'no-such-image') throw error;
        // As with rm -f, what is not there is no failure; it is said all the same.
        context.output.err(`minidock: ${error.message}\n`);
      }
    });
  },
});
