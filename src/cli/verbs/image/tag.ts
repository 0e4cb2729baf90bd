import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  flags: {},
  operands: [2, 2],
  completes: ['images', 'images'],
  async run(context, _flags, [source, target]) {
    const { images } = await context.engine();
    await images.tag(source!, target!);
    return 0;
  },
});
