import { MinidockError } from '../../../errors.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printError } from '../../print/diagnostics.ts';
import { each } from '../../print/each.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    force: toggle('Kill the container first if it runs', { short: 'f' }),
    link: toggle('Remove a link between containers: there are none here, as --link makes none', { short: 'l' }),
    volumes: toggle('Remove its anonymous volumes as well', { short: 'v' }),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: [given => (given.has('force') ? 'containers' : 'stopped containers')],
  async run(context, flags, names) {
    const engine = await context.engine();
    const remove = async (name: string) => {
      try {
        if (name === '') throw new MinidockError('invalid-name', 'Container name cannot be empty');
        if (flags.link) throw notALink((await engine.containers.inspect(name)).record.name);
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

/** Docker's words: each name is a container's own, which only its removal gives up. */
const notALink = (name: string) =>
  new MinidockError('conflict', 'Conflict, cannot remove the default link name of the container', {
    fix: `\`minidock rm ${name}\` removes the container, \`minidock rename\` changes its name`,
  });
