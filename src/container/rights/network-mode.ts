import { MinidockError } from '../../errors.ts';
import { modeOf } from '../../network/attachment.ts';
import type { ContainerOptions } from '../record.ts';

/**
 * Refuses options that conflict with `--network`: settings of a network namespace where it is the host's or another
 * container's.
 *
 * @throws {MinidockError} `conflict`, in Docker's words
 */
export function checkNetworkMode(options: ContainerOptions): void {
  const { network, hostname, macAddress, ports, exposed = [], dns, extraHosts, ip } = options;
  const mode = modeOf(network);
  const isShared = mode === 'container';
  if (isShared && hostname) throw conflict('hostname and the network mode');
  if (isShared && dns) throw conflict('dns and the network mode');
  if (isShared && extraHosts) throw conflict('custom host-to-IP mapping and the network mode');
  if ((isShared || mode === 'host') && macAddress) throw conflict('mac-address and the network mode');
  if (isShared && (ports.length > 0 || options.publishAll))
    throw conflict('port publishing and the container type network mode');
  if (isShared && exposed.length > 0) throw conflict('port exposing and the container type network mode');
  if (ip !== undefined && !isShared && (mode !== 'bridge' || network === 'bridge'))
    throw new MinidockError('conflict', 'user specified IP address is supported on user defined networks only', {
      fix: 'make a network: minidock network create --subnet',
    });
}

const conflict = (what: string) =>
  new MinidockError('conflict', `conflicting options: ${what}`, {
    fix: 'leave it out: it is that of the network namespace',
  });
