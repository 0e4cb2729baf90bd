import { isIPv4 } from 'node:net';
import { MinidockError } from '../../../errors.ts';
import { many, single } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

const itself = (given: string) => given;

export const verb = defineVerb({
  synopsis: '[OPTIONS] NETWORK CONTAINER',
  flags: {
    alias: many('strings', itself, 'A further name for the container on this network'),
    ip: single('string', itself, 'The address that it gets, one of the subnet'),
    link: many('list', itself, 'A name for another container: CONTAINER or CONTAINER:ALIAS', {
      completes: 'containers',
    }),
  },
  operands: [2, 2],
  completes: ['networks', 'containers'],
  async run(context, { alias, ip, link }, [network = '', container = '']) {
    if (ip !== undefined && !isIPv4(ip))
      throw new MinidockError('invalid-address', `Invalid IPv4 address: ${ip}`, { fix: 'write it like 10.1.0.9' });
    const { networks } = await context.engine();
    await networks.connect(network, container, {
      aliases: alias.flatMap(one => one.split(',')),
      links: link,
      ...(ip !== undefined && { ip }),
    });
    return 0;
  },
});
