import { usageError } from '../../grammar/usage.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { restartFlags } from '../../options/keeping/restart-flags.ts';
import { changeableFlags, toChangeableOptions } from '../../options/resources/flags.ts';
import { each } from '../../print/each.ts';

const flags = { ...changeableFlags, ...restartFlags };

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags,
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['containers'],
  async run(context, given, names) {
    if (Object.values(given).every(value => value === undefined))
      throw usageError('you must provide one or more flags when using this command', { exitCode: 1 });
    const { containers } = await context.engine();
    const { restart } = given;
    const changes = { ...toChangeableOptions(given), ...(restart && { restart }) };
    const warnings: string[] = [];
    const update = (name: string) => containers.update(name, changes);
    // One after the other: where two of them share a disk or a CPU, the order is that of the command line.
    const code = await each(
      names,
      context.output,
      update,
      (name, told) => {
        context.output.out(`${name}\n`);
        warnings.push(...told);
      },
      1,
    );
    // As in Docker they are output.
    for (const warning of warnings) context.output.out(`${warning}\n`);
    return code;
  },
});
