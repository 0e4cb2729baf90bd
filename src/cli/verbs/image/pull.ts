import { parsePlatform } from '../../../oci/platform.ts';
import { warnOfIgnored } from '../../context.ts';
import { single, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { platforms } from '../../options/platforms.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] NAME[:TAG|@DIGEST]',
  flags: {
    'all-tags': toggle('Fetch all tags of the repository', { short: 'a' }),
    platform: single('string', parsePlatform, 'Which image of several: linux/arm64, linux/arm/v7', {
      completes: platforms,
    }),
    quiet: toggle('Print the name of the image only', { short: 'q' }),
  },
  operands: [1, 1],
  completes: ['images'],
  async run(context, flags, [image]) {
    const { pullImage, pullRepository } = await import('../../progress/pull-image.ts');
    warnOfIgnored(context);
    const { images } = await context.engine();
    const pull = flags['all-tags'] ? pullRepository : pullImage;
    const { quiet, platform } = flags;
    const { out: print, err: warn } = context.output;
    const name = await pull(images, image!, { quiet, platform, fd: 1, print, warn });
    context.output.out(`${name}\n`);
    return 0;
  },
});
