import type { Point, Target, Visit } from './model.ts';
import { contains } from './nat/subnets.ts';
import type { Packet } from './packet/decode.ts';

/** What is known of the host and the containers: which packets are theirs, and where they go. */
export class Surroundings {
  constructor(
    readonly targets: readonly Target[],
    /** Addresses of the host, those of its bridges too. */
    readonly hostAddresses: readonly string[],
    /** Networks of the bridges that are captured, `172.18.0.0/16`: who is there is reached without the host. */
    readonly bridged: readonly string[] = [],
  ) {}

  isHost(address: string | undefined): boolean {
    return (
      address !== undefined && (address.startsWith('127.') || address === '::1' || this.hostAddresses.includes(address))
    );
  }

  targetAt(address: string | undefined): Target | undefined {
    return address === undefined ? undefined : this.targets.find(({ addresses }) => addresses.includes(address));
  }

  /** On a network of a bridge that is captured, and not the host: a bridge switches what is sent there. */
  isNeighbour(address: string | undefined): boolean {
    return address !== undefined && !this.isHost(address) && this.bridged.some(network => contains(network, address));
  }

  /** The host or a container is its other side: no outer interface sees such a packet. */
  isLocal(visits: readonly Visit[]): boolean {
    return visits.some(({ packet }) => {
      const near = (address?: string) => this.isHost(address) || this.isNeighbour(address) || this.targetAt(address);
      return packet.protocol === 'arp' || (near(packet.source) && near(packet.destination));
    });
  }

  /** From container to container: the interface of the bridge itself need not see what is switched. */
  isSwitched(visits: readonly Visit[]): boolean {
    const some = (side: 'source' | 'destination') => visits.some(({ packet }) => this.isNeighbour(packet[side]));
    return some('source') && some('destination');
  }

  /**
   * Whether a packet is one of the containers': seen at one, from or to the address of one, or from or to a published port of the
   * host. All others that outer interfaces and bridges see are no one's business.
   */
  concerns(visits: readonly Visit[], points: readonly Point[]): boolean {
    if (this.targets.some(({ sharesHost }) => sharesHost)) return true;
    return visits.some(({ frame, packet }) => {
      const { role } = points[frame.point]!;
      if (role === 'veth' || role === 'container') return true;
      if (packet.protocol === 'arp') return false;
      if (this.targetAt(packet.source) ?? this.targetAt(packet.destination)) return true;
      return this.toPublished(packet) || this.fromPublished(packet);
    });
  }

  toPublished({ protocol, destination, destinationPort }: Packet): boolean {
    return this.isHost(destination) && this.isPublished(protocol, destinationPort);
  }

  private fromPublished({ protocol, source, sourcePort }: Packet): boolean {
    return this.isHost(source) && this.isPublished(protocol, sourcePort);
  }

  private isPublished(protocol: string, port: number | undefined): boolean {
    return this.targets.some(({ ports }) => ports.some(one => one.protocol === protocol && one.host === port));
  }
}
