import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { each } from '../../print/each.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] VOLUME [VOLUME...]',
  flags: { force: toggle('Do not mind those that do not exist', { short: 'f' }) },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['volume names'],
  async run(context, { force }, names) {
    const { volumes } = await context.engine();
    return await each(
      names,
      context.output,
      name => volumes.remove(name, { force }),
      name => context.output.out(`${name}\n`),
    );
  },
});
