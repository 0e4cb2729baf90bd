import { todo } from '../../src/workshop/exercise/todo.ts';

/** What one point has seen of a packet of TCP. 某一处看到的一个 TCP 包。 */
interface Seen {
  /** IPv4: a number that the sender gives each packet. 发送方给每个包的编号。 */
  readonly id: number;
  readonly ttl: number;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: readonly string[];
  readonly payload: Uint8Array;
}

/**
 * A number of 16 bits in the byte order of the network, as a machine like x86-64 and arm64 has to write it.
 * 把 16 位的数换成网络字节序，供 x86-64、arm64 这样的机器使用。
 */
export const htons = (value: number): number => {
  // The two bytes change places: 0x0003 becomes 0x0300.
  // 两个字节互换：0x0003 变成 0x0300。
  return todo();
};

/**
 * What two points must have seen in common for it to be one packet: a string that is the same wherever the packet is seen,
 * and another one for every other packet.
 * 两处看到的是同一个包，应当有什么相同：无论在哪里看到这个包，字符串都一样；换一个包，就不一样。
 */
export const identityOf = (packet: Seen): string => {
  // Leave out what DNAT, SNAT and a router change. Take everything else, and keep the parts apart, so that 1 and 23 are not 12
  // and 3. `Buffer.from(payload).toString('hex')` makes text of bytes.
  // 去掉 DNAT、SNAT 和路由器会改的东西，其余全都要。各部分之间要分开，不能让 1 和 23 与 12 和 3 混淆。
  // `Buffer.from(payload).toString('hex')` 可以把字节变成文本。
  return todo();
};
