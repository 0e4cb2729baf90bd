import type { NetworkCreation } from '../../../engine/nouns/networks.ts';
import { MinidockError } from '../../../errors.ts';
import { many, text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { pairsOf, readLabel } from '../../options/pairs.ts';

const itself = (given: string) => given;

export const verb = defineVerb({
  synopsis: '[OPTIONS] NETWORK',
  flags: {
    attachable: toggle('Note that containers may be connected by hand; here they always may'),
    'aux-address': many('map', itself, 'An address that no container gets: NAME=ADDRESS'),
    driver: text('The driver: bridge is the only one', { short: 'd', completes: ['bridge'] }),
    gateway: text('Address of the host on the network (default the first of the subnet)'),
    internal: toggle('Let nothing out of the network, nor in'),
    'ip-range': text('The part of the subnet from which containers get addresses: 10.1.0.128/25'),
    label: many('list', readLabel, 'Note about the network: KEY or KEY=VALUE'),
    opt: many('map', itself, 'Option of the driver: com.docker.network.driver.mtu=1400 and the like', {
      short: 'o',
      completes: [
        ...['name=', 'enable_icc=false', 'enable_ip_masquerade=false'].map(one => `com.docker.network.bridge.${one}`),
        'com.docker.network.driver.mtu=',
      ],
    }),
    subnet: many('strings', itself, 'Addresses of the network: 10.1.0.0/24 (default: a free one is chosen)'),
  },
  operands: [1, 1],
  async run(context, flags, [name = '']) {
    const creation: NetworkCreation = {
      name,
      driver: flags.driver,
      subnet: onlySubnet(flags.subnet),
      gateway: flags.gateway,
      ipRange: flags['ip-range'],
      ...(flags['aux-address'].length > 0 && { auxAddresses: pairsOf(flags['aux-address']) }),
      internal: flags.internal,
      attachable: flags.attachable,
      labels: pairsOf(flags.label),
      options: pairsOf(flags.opt),
    };
    const { networks } = await context.engine();
    const { id } = await networks.create(creation);
    context.output.out(`${id}\n`);
    return 0;
  },
});

function onlySubnet(given: readonly string[]): string | undefined {
  const all = given.flatMap(one => one.split(','));
  if (all.length > 1)
    throw new MinidockError('invalid-network', "bridge driver doesn't support multiple subnets", {
      fix: 'name one --subnet',
    });
  return all[0];
}
