import type { Point, Target, Visit } from './model.ts';
import type { Packet } from './packet/decode.ts';

/** What is known of the host and the containers: which packets are theirs, and where they go. */
export class Surroundings {
  constructor(
    readonly targets: readonly Target[],
    /** Addresses of the host, those of its bridges too. */
    readonly hostAddresses: readonly string[],
  ) {}

  isHost(address: string | undefined): boolean {
    return (
      address !== undefined && (address.startsWith('127.') || address === '::1' || this.hostAddresses.includes(address))
    );
  }

  targetAt(address: string | undefined): Target | undefined {
    return address === undefined ? undefined : this.targets.find(({ addresses }) => addresses.includes(address));
  }

  /** The host or another container is its other side: no outer interface sees such a packet. */
  isLocal(visits: readonly Visit[]): boolean {
    return visits.some(({ packet }) => {
      const known = (address?: string) => this.isHost(address) || this.targetAt(address) !== undefined;
      return packet.protocol === 'arp' || (known(packet.source) && known(packet.destination));
    });
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
