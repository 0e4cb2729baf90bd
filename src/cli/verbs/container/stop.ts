import { integer, text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { each } from '../../print/each.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    signal: text('Signal to send first (default SIGTERM)', { short: 's', completes: 'signals' }),
    timeout: integer('Seconds to wait before SIGKILL (default 10)', { short: 't', aliases: ['time'] }),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['running containers'],
  async run(context, flags, names) {
    const engine = await context.engine();
    const options = { signal: flags.signal, timeoutSeconds: flags.timeout };
    return each(
      names,
      context.output,
      name => engine.containers.stop(name, options),
      name => context.output.out(`${name}\n`),
    );
  },
});
