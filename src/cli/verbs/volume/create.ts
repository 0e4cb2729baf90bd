import { MinidockError } from '../../../errors.ts';
import { many, text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { pairsOf, readLabel } from '../../options/pairs.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] [VOLUME]',
  flags: {
    driver: text('The driver: local is the only one', { short: 'd', completes: ['local'] }),
    label: many('list', readLabel, 'Note about the volume: KEY or KEY=VALUE'),
    name: text('Name of the volume, as older command lines give it'),
    opt: many('map', (option: string) => option, 'Option of the driver: type=, device= or o=', { short: 'o' }),
  },
  operands: [0, 1],
  async run(context, { driver, label, name, opt }, [operand]) {
    if (name && operand !== undefined)
      throw new MinidockError(
        'conflict',
        'conflicting options: either specify --name or provide positional arg, not both',
      );
    const { volumes } = await context.engine();
    const volume = await volumes.create({
      name: operand ?? name,
      driver,
      labels: pairsOf(label),
      options: pairsOf(opt),
    });
    context.output.out(`${volume.name}\n`);
    return 0;
  },
});
