import { MinidockError } from '../../../errors.ts';
import { text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { each } from '../../print/each.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    signal: text('Signal to send, by name or number (default KILL)', { short: 's', completes: 'signals' }),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['running containers'],
  async run(context, flags, names) {
    const { containers } = await context.engine();
    const kill = (name: string) =>
      containers.kill(name, flags.signal || undefined).catch(error => {
        if (!(error instanceof MinidockError) || error.code === 'invalid-signal') throw error;
        const { code, message, fix } = error;
        throw new MinidockError(code, `Cannot kill container: ${name}: ${message}`, { fix, cause: error });
      });
    return each(names, context.output, kill, name => context.output.out(`${name}\n`));
  },
});
