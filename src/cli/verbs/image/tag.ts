import { familiar, parseReference } from '../../../oci/reference.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  flags: {},
  operands: [2, 2],
  completes: ['images', 'images'],
  async run(context, _flags, [source, target]) {
    const { images } = await context.engine();
    // As Docker's client it sends the tag that goes without saying.
    await images.tag(source!, familiar(parseReference(target!)));
    return 0;
  },
});
