import { defineVerb } from '../../grammar/verb.ts';
import { each } from '../../print/each.ts';

export const verb = defineVerb({
  synopsis: 'NETWORK [NETWORK...]',
  flags: {},
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['networks'],
  async run(context, _flags, names) {
    const { networks } = await context.engine();
    return await each(
      names,
      context.output,
      name => networks.remove(name),
      name => context.output.out(`${name}\n`),
    );
  },
});
