import { MinidockError } from '../../../errors.ts';
import { splitArgument } from '../../files/arguments.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-, or SRC_PATH|- CONTAINER:DEST_PATH',
  flags: {
    archive: toggle('What is copied into a container belongs to its user', { short: 'a' }),
    'follow-link': toggle('Copy what SRC_PATH leads to where it is a link', { short: 'L' }),
    quiet: toggle('Taken for the sake of later versions of Docker: nothing is printed anyway', { short: 'q' }),
  },
  operands: [2, 2],
  completes: ['containers', 'files'],
  async run(context, flags, [source = '', destination = '']) {
    if (source === '') throw new MinidockError('invalid-argument', 'source can not be empty');
    if (destination === '') throw new MinidockError('invalid-argument', 'destination can not be empty');
    const from = splitArgument(source);
    const to = splitArgument(destination);
    const options = { followLink: flags['follow-link'], archive: flags.archive };
    if (from.container !== undefined && to.container !== undefined)
      throw new MinidockError('invalid-argument', 'copying between containers is not supported', {
        fix: `minidock cp ${source} - | minidock cp - ${destination}`,
      });
    if (from.container === undefined && to.container === undefined)
      throw new MinidockError('invalid-argument', 'must specify at least one container source', {
        fix: 'write CONTAINER:PATH for the one side',
      });
    if (from.path === '' || to.path === '')
      throw new MinidockError('invalid-argument', 'the path inside the container is empty', {
        fix: `${from.container ?? to.container}:/ is all of it`,
      });
    const { containers } = await context.engine();
    if (from.container !== undefined) {
      const { copyFrom } = await import('../../files/from-container.ts');
      await copyFrom(containers, context.output, { ...from, container: from.container }, destination, options);
    } else {
      const { copyTo } = await import('../../files/to-container.ts');
      await copyTo(containers, source, { ...to, container: to.container! }, options);
    }
    return 0;
  },
});
