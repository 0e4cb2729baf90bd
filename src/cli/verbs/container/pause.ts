import { defineVerb } from '../../grammar/verb.ts';
import { each } from '../../print/each.ts';

export const verb = defineVerb({
  synopsis: 'CONTAINER [CONTAINER...]',
  flags: {},
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['running containers'],
  async run(context, _flags, names) {
    const { containers } = await context.engine();
    return each(
      names,
      context.output,
      name => containers.pause(name),
      name => context.output.out(`${name}\n`),
    );
  },
});
