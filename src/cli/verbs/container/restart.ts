import { MinidockError } from '../../../errors.ts';
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
    const restart = (name: string) =>
      containers.restart(name, { timeoutSeconds: timeout }).catch(error => {
        if (!(error instanceof MinidockError) || error.code === 'no-such-container') throw error;
        const { code, message, fix } = error;
        throw new MinidockError(code, `Cannot restart container ${name}: ${message}`, { fix, cause: error });
      });
    return each(names, context.output, restart, name => context.output.out(`${name}\n`));
  },
});
