/** One message from the kernel: header, a structure that depends on the type, attributes (rtnetlink(7)). */
export interface Answer {
  readonly type: number;
  readonly sequence: number;
  /** The structure and what follows it. */
  readonly body: Buffer;
}

const NLMSG_DONE = 3;
const headerSize = 16;
/** The bits of an attribute's type without the flags that say how it is encoded. */
const NLA_TYPE_MASK = 0x3fff;

/** The messages in `bytes`, ends and errors of dumps included; a last one that is cut off is left out. */
export function answersIn(bytes: Buffer): Answer[] {
  const found: Answer[] = [];
  for (let at = 0; at + headerSize <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < headerSize || at + length > bytes.length) break;
    found.push({
      type: bytes.readUInt16LE(at + 4),
      sequence: bytes.readUInt32LE(at + 8),
      body: bytes.subarray(at + headerSize, at + length),
    });
    at += align(length);
  }
  return found;
}

const align = (length: number) => (length + 3) & ~3;

/** Whether a dump is complete. */
export const isComplete = (answers: readonly Answer[]) => answers.some(({ type }) => type === NLMSG_DONE);

/** The attributes from `at` on, by type; of a type that is there twice the last counts. */
export function attributesIn(body: Buffer, at: number): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  while (at + 4 <= body.length) {
    const length = body.readUInt16LE(at);
    if (length < 4 || at + length > body.length) break;
    found.set(body.readUInt16LE(at + 2) & NLA_TYPE_MASK, body.subarray(at + 4, at + length));
    at += align(length);
  }
  return found;
}

/** A link (ip-link(8)). */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** `veth`, `bridge`; undefined for physical interfaces and lo. */
  readonly kind?: string;
  readonly mac?: string;
  readonly mtu: number;
  readonly up: boolean;
  /** `up`, `down`, `lowerlayerdown`, `unknown` … */
  readonly state: string;
  /** Index of the other end. Where that is in another namespace, the index counts there. */
  readonly link?: number;
  /** Index of the bridge that it is a port of. */
  readonly master?: number;
  readonly alias?: string;
  readonly port?: BridgePort;
}

/** What a bridge knows of a port. */
export interface BridgePort {
  readonly number?: number;
  readonly state: string;
  readonly hairpin: boolean;
}

export interface Address {
  readonly index: number;
  /** `172.18.0.2/16`. */
  readonly address: string;
  readonly family: 4 | 6;
  readonly scope: string;
}

export interface Route {
  readonly family: 4 | 6;
  /** `default`, `172.18.0.0/16`. */
  readonly target: string;
  readonly gateway?: string;
  readonly index?: number;
  readonly source?: string;
  readonly scope: string;
  /** 254 is `main`, 255 `local`. */
  readonly table: number;
  readonly type: string;
}

/** An entry of the ARP or NDP table, or of a bridge's MAC table. */
export interface Neighbour {
  readonly index: number;
  readonly address?: string;
  readonly mac?: string;
  readonly state: string;
  /** For an entry of a MAC table: index of the bridge. */
  readonly master?: number;
  readonly vlan?: number;
}

const RTM = { RTM_NEWLINK: 16, RTM_NEWADDR: 20, RTM_NEWROUTE: 24, RTM_NEWNEIGH: 28 };
const AF_INET = 2;
const AF_INET6 = 10;

const operationalStates = ['unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'];
const portStates = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'];
const scopes: Readonly<Record<number, string>> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host', 255: 'nowhere' };
const routeTypes = ['unspec', 'unicast', 'local', 'broadcast', 'anycast', 'multicast', 'blackhole', 'unreachable'];
/** NUD_… of <linux/neighbour.h>, the strongest first. */
const neighbourStates: readonly (readonly [number, string])[] = [
  [0x80, 'permanent'],
  [0x40, 'noarp'],
  [0x02, 'reachable'],
  [0x04, 'stale'],
  [0x08, 'delay'],
  [0x10, 'probe'],
  [0x20, 'failed'],
  [0x01, 'incomplete'],
];

/** <linux/if_link.h>, struct ifinfomsg. */
export function linksIn(answers: readonly Answer[]): Link[] {
  return answers
    .filter(({ type, body }) => type === RTM.RTM_NEWLINK && body.length >= 16)
    .map(({ body }) => {
      const attributes = attributesIn(body, 16);
      const info = nested(attributes.get(18));
      const slave = textOf(info?.get(4)) === 'bridge' ? nested(info?.get(5)) : undefined;
      const mac = attributes.get(1);
      return {
        index: body.readInt32LE(4),
        name: textOf(attributes.get(3)) ?? '',
        mtu: numberOf(attributes.get(4)) ?? 0,
        up: (body.readUInt32LE(8) & 1) === 1,
        state: operationalStates[attributes.get(16)?.[0] ?? 0] ?? 'unknown',
        ...defined({
          kind: textOf(info?.get(1)),
          mac: mac && macOf(mac),
          link: numberOf(attributes.get(5)),
          master: numberOf(attributes.get(10)),
          alias: textOf(attributes.get(20)),
          port: slave && {
            state: portStates[slave.get(1)?.[0] ?? 0] ?? 'unknown',
            hairpin: slave.get(4)?.[0] === 1,
            ...defined({ number: slave.get(18)?.readUInt16LE(0) }),
          },
        }),
      };
    });
}

/** <linux/if_addr.h>, struct ifaddrmsg. */
export function addressesIn(answers: readonly Answer[]): Address[] {
  return answers
    .filter(({ type, body }) => type === RTM.RTM_NEWADDR && body.length >= 8)
    .flatMap(({ body }) => {
      const attributes = attributesIn(body, 8);
      // IFA_LOCAL before IFA_ADDRESS: the latter is the other end's where there are two ends.
      const address = attributes.get(2) ?? attributes.get(1);
      if (address === undefined) return [];
      return {
        index: body.readUInt32LE(4),
        address: `${ipOf(address)}/${body[1]}`,
        family: body[0] === AF_INET6 ? (6 as const) : (4 as const),
        scope: scopes[body[3]!] ?? String(body[3]),
      };
    });
}

/** <linux/rtnetlink.h>, struct rtmsg. */
export function routesIn(answers: readonly Answer[]): Route[] {
  return answers
    .filter(({ type, body }) => type === RTM.RTM_NEWROUTE && body.length >= 12)
    .filter(({ body }) => body[0] === AF_INET || body[0] === AF_INET6)
    .map(({ body }) => {
      const attributes = attributesIn(body, 12);
      const target = attributes.get(1);
      const bits = body[1]!;
      return {
        family: body[0] === AF_INET6 ? (6 as const) : (4 as const),
        target: target === undefined && bits === 0 ? 'default' : withBits(target ? ipOf(target) : '0.0.0.0', bits),
        scope: scopes[body[6]!] ?? String(body[6]),
        table: numberOf(attributes.get(15)) ?? body[4]!,
        type: routeTypes[body[7]!] ?? String(body[7]),
        ...defined({
          gateway: ipIn(attributes.get(5)),
          index: numberOf(attributes.get(4)),
          source: ipIn(attributes.get(7)),
        }),
      };
    });
}

/** A route to a single host: `ip` prints its address without a prefix length. */
const withBits = (address: string, bits: number) =>
  bits === (address.includes(':') ? 128 : 32) ? address : `${address}/${bits}`;

/** <linux/neighbour.h>, struct ndmsg. */
export function neighboursIn(answers: readonly Answer[]): Neighbour[] {
  return answers
    .filter(({ type, body }) => type === RTM.RTM_NEWNEIGH && body.length >= 12)
    .map(({ body }) => {
      const attributes = attributesIn(body, 12);
      const flags = body.readUInt16LE(8);
      const mac = attributes.get(2);
      return {
        index: body.readInt32LE(4),
        state: neighbourStates.find(([bit]) => (flags & bit) !== 0)?.[1] ?? 'none',
        ...defined({
          address: ipIn(attributes.get(1)),
          mac: mac && macOf(mac),
          vlan: attributes.get(5)?.readUInt16LE(0),
          master: numberOf(attributes.get(9)),
        }),
      };
    });
}

const nested = (attribute: Buffer | undefined) => attribute && attributesIn(attribute, 0);
const numberOf = (attribute: Buffer | undefined) =>
  attribute && attribute.length >= 4 ? attribute.readUInt32LE(0) : undefined;
const textOf = (attribute: Buffer | undefined) => attribute?.toString('utf8').replace(/\0.*$/s, '');
const macOf = (bytes: Buffer) => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':');
const ipIn = (attribute: Buffer | undefined) =>
  attribute && (attribute.length === 4 || attribute.length === 16) ? ipOf(attribute) : undefined;

/** Four bytes as a dotted address, sixteen as RFC 5952 writes them. */
export function ipOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const text = groups.map(group => group.toString(16)).join(':');
  const runs = text.match(/(?<![^:])0(:0)+(?![^:])/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  const at = text.search(new RegExp(`(?<![^:])${longest}(?![^:])`));
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`;
}

/** Without the fields that are undefined, so that JSON and comparisons see the same. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
