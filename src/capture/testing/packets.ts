/** Packets for tests, as they are on an Ethernet wire. Checksums are left at 0: nothing here looks at them. */
export interface TcpPacket {
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  id?: number;
  ttl?: number;
  flags?: number;
  sequence?: number;
  payload?: string;
  macs?: [source: string, destination: string];
}

const address = (text: string) => Buffer.from(text.split('.').map(Number));
const mac = (text: string) => Buffer.from(text.replaceAll(':', ''), 'hex');

export function ethernet(type: number, content: Buffer, macs = ['02:00:00:00:00:01', '02:00:00:00:00:02']): Buffer {
  const head = Buffer.alloc(14);
  mac(macs[1]!).copy(head, 0);
  mac(macs[0]!).copy(head, 6);
  head.writeUInt16BE(type, 12);
  return Buffer.concat([head, content]);
}

export function tcpPacket(packet: TcpPacket): Buffer {
  const payload = Buffer.from(packet.payload ?? '');
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(packet.sourcePort, 0);
  tcp.writeUInt16BE(packet.destinationPort, 2);
  tcp.writeUInt32BE(packet.sequence ?? 1000, 4);
  tcp[12] = 5 << 4;
  tcp[13] = packet.flags ?? 2;
  return ethernet(0x0800, ipv4(6, Buffer.concat([tcp, payload]), packet), packet.macs);
}

export function udpPacket(packet: TcpPacket): Buffer {
  const payload = Buffer.from(packet.payload ?? '');
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(packet.sourcePort, 0);
  udp.writeUInt16BE(packet.destinationPort, 2);
  udp.writeUInt16BE(8 + payload.length, 4);
  return ethernet(0x0800, ipv4(17, Buffer.concat([udp, payload]), packet), packet.macs);
}

function ipv4(protocol: number, content: Buffer, { source, destination, id, ttl }: TcpPacket): Buffer {
  const ip = Buffer.alloc(20);
  ip[0] = 0x45;
  ip.writeUInt16BE(20 + content.length, 2);
  ip.writeUInt16BE(id ?? 7, 4);
  ip[8] = ttl ?? 64;
  ip[9] = protocol;
  address(source).copy(ip, 12);
  address(destination).copy(ip, 16);
  return Buffer.concat([ip, content]);
}
