import type { Packet } from './decode.ts';

const icmp4: Readonly<Record<number, string>> = {
  0: 'echo reply',
  3: 'destination unreachable',
  5: 'redirect',
  8: 'echo request',
  11: 'time exceeded',
};
const icmp6: Readonly<Record<number, string>> = {
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded',
  128: 'echo request',
  129: 'echo reply',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbour solicitation',
  136: 'neighbour advertisement',
  143: 'multicast listener report',
};

/** What a packet is, in the words of tcpdump and Wireshark: `TCP SYN`, `TCP PSH ACK, 78 bytes: GET / HTTP/1.1`. */
export function wordsFor(packet: Packet): string {
  switch (packet.protocol) {
    case 'tcp':
      return `TCP ${packet.tcp!.flags.join(' ') || 'no flags'}${carries(packet)}`;
    case 'udp':
      return `UDP${carries(packet)}`;
    case 'icmp': {
      const { type, code, version } = packet.icmp!;
      const name = (version === 4 ? icmp4 : icmp6)[type] ?? `type ${type} code ${code}`;
      return `ICMP${version === 6 ? 'v6' : ''} ${name}`;
    }
    case 'arp':
      return packet.arp!.operation === 1
        ? `ARP who has ${packet.destination}?`
        : `ARP ${packet.source} is at ${packet.sourceMac}`;
    default:
      return packet.source === undefined
        ? `type 0x${packet.number.toString(16)}, ${packet.payloadLength} bytes`
        : `IP protocol ${packet.number}, ${packet.payloadLength} bytes`;
  }
}

function carries({ payload, payloadLength }: Packet): string {
  if (payloadLength === 0) return '';
  const line = firstLine(payload);
  return `, ${payloadLength} bytes${line === '' ? '' : `: ${line}`}`;
}

/** The first line of text that a packet carries; empty for what is no text. */
function firstLine(payload: Uint8Array): string {
  const text = Buffer.from(payload.subarray(0, 60)).toString('latin1');
  const [line = ''] = text.split(/\r?\n/);
  return /^[\x20-\x7e]{3,}$/.test(line) ? line : '';
}

/** Who sends it, as this point sees it; undefined where there are no addresses. */
export function endpointsIn(packet: Packet) {
  const { source, destination, sourcePort, destinationPort } = packet;
  if (source === undefined || destination === undefined) return undefined;
  return {
    source: { address: source, ...(sourcePort === undefined ? {} : { port: sourcePort }) },
    destination: { address: destination, ...(destinationPort === undefined ? {} : { port: destinationPort }) },
  };
}

/** A broadcast or multicast is for everybody. */
export function isForGroup({ destinationMac }: Packet): boolean {
  return destinationMac !== undefined && (Number.parseInt(destinationMac.slice(0, 2), 16) & 1) === 1;
}
