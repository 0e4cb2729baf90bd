import { MinidockError } from '../../../errors.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printError } from '../../print/diagnostics.ts';
import { each } from '../../print/each.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    force: toggle('Kill the container first if it runs', { short: 'f' }),
    volumes: toggle('Remove its anonymous volumes as well', { short: 'v' }),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: [given => (given.has('force') ? 'containers' : 'stopped containers')],
  async run(context, flags, names) {
    const engine = await context.engine();
    const remove = async (name: string) => {
      try {
        await engine.containers.remove(name, { force: flags.force, volumes: flags.volumes });
        return undefined;
      } catch (error) {
        // With -f a container that does not exist is no failure.
        if (flags.force && error instanceof MinidockError && error.code === 'no-such-container') return error;
        throw error;
      }
    };
    return each(names, context.output, remove, (name, missing) => {
      if (missing === undefined) context.output.out(`${name}\n`);
      else printError(context.output, { message: missing.message });
    });
  },
});
