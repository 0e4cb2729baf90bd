import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { each } from '../../print/each.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    force: toggle('Kill the container first if it runs', { short: 'f' }),
    volumes: toggle('Remove its anonymous volumes as well', { short: 'v' }),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  async run(context, flags, names) {
    const engine = await context.engine();
    return each(names, context.output, async name => {
      await engine.remove(name, { force: flags.force, volumes: flags.volumes });
      context.output.out(`${name}\n`);
    });
  },
});
