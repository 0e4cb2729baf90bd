import { MinidockError } from '../../../errors.ts';
import { endpointsOf, gatewayEndpoint } from '../../../network/attachment.ts';
import type { Port } from '../../../network/ports/ports.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  flags: {},
  operands: [1, 2],
  completes: ['running containers'],
  async run(context, _flags, [name = '', wanted]) {
    const { containers } = await context.engine();
    const { record } = await containers.inspect(name);
    const isLedTo = record.state.status === 'running' && gatewayEndpoint(endpointsOf(record)) !== undefined;
    const published = isLedTo ? [...record.network.ports].sort(byPort) : [];
    if (!wanted) {
      const line = (port: Port) => `${port.containerPort}/${port.protocol} -> ${shown(port)}\n`;
      context.output.out(published.map(line).join(''));
      return 0;
    }
    const port = readPort(wanted);
    const found = published.filter(one => `${one.containerPort}/${one.protocol}` === port);
    if (found.length === 0)
      throw new MinidockError('not-published', `No public port '${port}' published for ${name}`, {
        fix: `\`minidock port ${name}\` lists those that are`,
      });
    context.output.out(found.map(one => `${shown(one)}\n`).join(''));
    return 0;
  },
});

const byPort = (a: Port, b: Port) =>
  a.containerPort - b.containerPort || a.protocol.localeCompare(b.protocol) || a.hostPort - b.hostPort;

/** As Docker 20.10 writes it, also of IPv6: `:::8080`. */
const shown = ({ hostIp, hostPort }: Port) => `${hostIp}:${hostPort}`;

/** `80` is `80/tcp`. */
function readPort(given: string): string {
  const [, port, protocol] = /^(\d{1,5})(?:\/(.*))?$/s.exec(given) ?? [];
  if (port === undefined || Number(port) > 65535)
    throw new MinidockError('invalid-port', `invalid port '${given}': it is a number up to 65535, or NUMBER/udp`);
  return `${Number(port)}/${protocol || 'tcp'}`;
}
