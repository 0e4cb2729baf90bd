import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] NETWORK CONTAINER',
  flags: { force: toggle('Here the same as without', { short: 'f' }) },
  operands: [2, 2],
  completes: ['networks', 'containers'],
  async run(context, _flags, [network = '', container = '']) {
    const { networks } = await context.engine();
    await networks.disconnect(network, container);
    return 0;
  },
});
