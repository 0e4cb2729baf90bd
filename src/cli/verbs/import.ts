import { many, text } from '../flags.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] FILE|- [REPOSITORY[:TAG]]',
  flags: {
    change: many('list', (change: string) => change, `Dockerfile instruction for the image: 'CMD ["sh"]'`, {
      short: 'c',
    }),
    message: text('Note in the history of the image', { short: 'm' }),
  },
  operands: [1, 2],
  async run(context, flags, [source, reference]) {
    const images = await context.images();
    const input = source === '-' ? process.stdin : source!;
    const { id } = await images.import(input, { reference, message: flags.message, changes: flags.change });
    context.output.out(`${id}\n`);
    return 0;
  },
});
