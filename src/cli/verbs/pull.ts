import { toggle } from '../flags.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] NAME[:TAG|@DIGEST]',
  flags: { quiet: toggle('Print the name of the image only', { short: 'q' }) },
  operands: [1, 1],
  async run(context, flags, [image]) {
    const { pullImage } = await import('../progress/pull-image.ts');
    const images = await context.images();
    const name = await pullImage(images, image!, { quiet: flags.quiet, fd: 1, print: context.output.out });
    context.output.out(`${name}\n`);
    return 0;
  },
});
