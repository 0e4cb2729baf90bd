import { integer } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { each } from '../../print/each.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    timeout: integer('Seconds to wait for its end before SIGKILL (default 10)', { short: 't', aliases: ['time'] }),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['containers'],
  async run(context, { timeout }, names) {
    const { containers } = await context.engine();
    return each(
      names,
      context.output,
      name => containers.restart(name, { timeoutSeconds: timeout }),
      name => context.output.out(`${name}\n`),
    );
  },
});
