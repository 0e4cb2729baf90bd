import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] NETWORK CONTAINER',
  flags: { force: toggle('Of one that runs, too, where the network is gone', { short: 'f' }) },
  operands: [2, 2],
  completes: ['networks', 'containers'],
  async run(context, { force }, [network = '', container = '']) {
    const { networks } = await context.engine();
    await networks.disconnect(network, container, { force });
    return 0;
  },
});
