import { type Data, room } from '../../syscalls/data.ts';
import { type Slot, type Word, word } from '../../syscalls/step.ts';
import { AF } from '../../syscalls/uapi/flags.ts';
import { addressBytes, broadcastOf, macBytes, mask, parseAddress } from '../ipv4.ts';
import { attribute, type Message, NLM_F, type Part, u8, zstring } from './netlink.ts';

/** The rtnetlink(7) messages that `ip` and `bridge` would send for the same words. Numbers from <linux/if_link.h> and others. */
const RTM = { RTM_NEWLINK: 16, RTM_DELLINK: 17, RTM_GETLINK: 18, RTM_SETLINK: 19, RTM_NEWADDR: 20, RTM_NEWROUTE: 24 };
const IFLA = {
  IFLA_ADDRESS: 1,
  IFLA_IFNAME: 3,
  IFLA_MTU: 4,
  IFLA_MASTER: 10,
  IFLA_PROTINFO: 12,
  IFLA_LINKINFO: 18,
  IFLA_IFALIAS: 20,
  IFLA_NET_NS_FD: 28,
};
/** Kinds are compared by length, without a NUL, as `ip` sends them. */
const IFLA_INFO = { IFLA_INFO_KIND: 1, IFLA_INFO_DATA: 2 };
const VETH_INFO_PEER = 1;
const IFLA_BRPORT = { IFLA_BRPORT_MODE: 4, IFLA_BRPORT_ISOLATED: 33 };
const NLA_F_NESTED = 0x8000;
const PF_BRIDGE = 7;
const IFF_UP = 1;
const IFA = { IFA_ADDRESS: 1, IFA_LOCAL: 2, IFA_BROADCAST: 4 };
const RTA_GATEWAY = 5;

const change = NLM_F.NLM_F_REQUEST | NLM_F.NLM_F_ACK;
const create = change | NLM_F.NLM_F_CREATE | NLM_F.NLM_F_EXCL;

/** Names of interfaces: up to 15 bytes without slash, colon or white space (the kernel's dev_valid_name). */
export function isInterfaceName(name: string): boolean {
  return /^[^/:\s]{1,15}$/.test(name) && name !== '.' && name !== '..' && Buffer.byteLength(name) <= 15;
}

/** struct ifinfomsg: family (in 32 bits with a type that is always 0), index, flags, and which flags to change. */
function ifinfomsg(fields: { family?: number; index?: number | Word; flags?: number; change?: number } = {}): Part[] {
  return [fields.family ?? AF_UNSPEC, fields.index ?? 0, fields.flags ?? 0, fields.change ?? 0];
}
const AF_UNSPEC = 0;

/** `link add NAME address MAC type bridge`. A bridge of that name that exists already gets the MAC and is kept. */
export function addBridge(name: string, mac: string): Message {
  return {
    type: RTM.RTM_NEWLINK,
    flags: change | NLM_F.NLM_F_CREATE,
    content: [
      ...ifinfomsg(),
      attribute(IFLA.IFLA_ADDRESS, macBytes(mac)),
      attribute(IFLA.IFLA_IFNAME, zstring(name)),
      attribute(IFLA.IFLA_LINKINFO, attribute(IFLA_INFO.IFLA_INFO_KIND, 'bridge')),
    ],
    words: `link add ${name} address ${mac} type bridge`,
  };
}

export interface VethPair {
  readonly name: string;
  /** Interface index for `name` (Linux 3.7); 0 lets the kernel choose, as it does for the peer. */
  readonly index: number;
  /** Bytes, for both ends. */
  readonly mtu?: number;
  readonly mac: string;
  readonly peer: string;
  /** Descriptor of the network namespace in which the peer is made. */
  readonly peerNamespace: Slot;
}

/** `link add NAME index N address MAC type veth peer name PEER netns FD`. */
export function addVeth(pair: VethPair): Message {
  const mtu = pair.mtu === undefined ? [] : [attribute(IFLA.IFLA_MTU, pair.mtu)];
  return {
    type: RTM.RTM_NEWLINK,
    flags: create,
    content: [
      ...ifinfomsg({ index: pair.index }),
      attribute(IFLA.IFLA_ADDRESS, macBytes(pair.mac)),
      attribute(IFLA.IFLA_IFNAME, zstring(pair.name)),
      ...mtu,
      attribute(
        IFLA.IFLA_LINKINFO,
        attribute(IFLA_INFO.IFLA_INFO_KIND, 'veth'),
        attribute(
          IFLA_INFO.IFLA_INFO_DATA,
          attribute(
            VETH_INFO_PEER,
            ...ifinfomsg(),
            attribute(IFLA.IFLA_NET_NS_FD, pair.peerNamespace),
            attribute(IFLA.IFLA_IFNAME, zstring(pair.peer)),
            ...mtu,
          ),
        ),
      ),
    ],
    words: [
      `link add ${pair.name}${pair.index ? ` index ${pair.index}` : ''} address ${pair.mac}`,
      ...(pair.mtu === undefined ? [] : [`mtu ${pair.mtu}`]),
      `type veth peer name ${pair.peer} netns ${pair.peerNamespace.name}`,
    ].join(' '),
  };
}

/** `link show NAME`, and the interface's index in the reply: for messages that the kernel takes by index only. */
export function showLink(name: string): { message: Message; index: Word } {
  const headerAndIfinfomsg = 32;
  const data: Data = room(headerAndIfinfomsg, `link ${name}`);
  return {
    message: {
      type: RTM.RTM_GETLINK,
      flags: NLM_F.NLM_F_REQUEST,
      content: [...ifinfomsg(), attribute(IFLA.IFLA_IFNAME, zstring(name))],
      words: `link show ${name}`,
      reply: { type: RTM.RTM_NEWLINK, data },
    },
    index: word(`index of ${name}`, data, 20),
  };
}

/** `link set NAME alias TEXT`: words for people, which `ip link` shows; at most 255 bytes. */
export function setAlias(name: string, alias: string): Message {
  return {
    type: RTM.RTM_NEWLINK,
    flags: change,
    content: [...ifinfomsg(), attribute(IFLA.IFLA_IFALIAS, alias), attribute(IFLA.IFLA_IFNAME, zstring(name))],
    words: `link set ${name} alias ${JSON.stringify(alias)}`,
  };
}

/** `link set NAME up`. */
export function setUp(name: string): Message {
  return {
    type: RTM.RTM_NEWLINK,
    flags: change,
    content: [...ifinfomsg({ flags: IFF_UP, change: IFF_UP }), attribute(IFLA.IFLA_IFNAME, zstring(name))],
    words: `link set ${name} up`,
  };
}

/** `link set NAME master BRIDGE up`: makes the interface a port of the bridge, then brings it up. */
export function setMasterUp(name: string, bridge: Word): Message {
  return {
    type: RTM.RTM_NEWLINK,
    flags: change,
    content: [
      ...ifinfomsg({ flags: IFF_UP, change: IFF_UP }),
      attribute(IFLA.IFLA_MASTER, bridge),
      attribute(IFLA.IFLA_IFNAME, zstring(name)),
    ],
    words: `link set ${name} master (${bridge.name}) up`,
  };
}

/** `link set NAME mtu BYTES`. */
export function setMtu(name: string, mtu: number): Message {
  return {
    type: RTM.RTM_NEWLINK,
    flags: change,
    content: [...ifinfomsg(), attribute(IFLA.IFLA_MTU, mtu), attribute(IFLA.IFLA_IFNAME, zstring(name))],
    words: `link set ${name} mtu ${mtu}`,
  };
}

/** `bridge link set dev NAME hairpin on`: frames may leave by the port on which they came in. By index only. */
export function setHairpin(name: string, index: Word): Message {
  return setPort(index, IFLA_BRPORT.IFLA_BRPORT_MODE, `bridge link set dev ${name} hairpin on`);
}

/** `bridge link set dev NAME isolated on`: no frame goes to another port that is isolated. Since Linux 4.18. */
export function setIsolated(name: string, index: Word): Message {
  return setPort(index, IFLA_BRPORT.IFLA_BRPORT_ISOLATED, `bridge link set dev ${name} isolated on`);
}

function setPort(index: Word, setting: number, words: string): Message {
  return {
    type: RTM.RTM_SETLINK,
    flags: change,
    content: [
      ...ifinfomsg({ family: PF_BRIDGE, index }),
      attribute(IFLA.IFLA_PROTINFO | NLA_F_NESTED, attribute(setting, u8(1))),
    ],
    words,
  };
}

/** `link delete NAME`. */
export function deleteLink(name: string): Message {
  return {
    type: RTM.RTM_DELLINK,
    flags: change,
    content: [...ifinfomsg(), attribute(IFLA.IFLA_IFNAME, zstring(name))],
    words: `link delete ${name}`,
  };
}

/** `addr replace ADDRESS/PREFIX broadcast … dev NAME`: adds the address, or leaves it where it is there already. */
export function replaceAddress(name: string, index: number | Word, address: string, prefixLength: number): Message {
  const base = (parseAddress(address)! & mask(prefixLength)) >>> 0;
  const broadcast = broadcastOf({ base, prefixLength });
  const flagsAndScope = 0;
  return {
    type: RTM.RTM_NEWADDR,
    flags: change | NLM_F.NLM_F_CREATE | NLM_F.NLM_F_REPLACE,
    content: [
      AF.AF_INET | (prefixLength << 8) | (flagsAndScope << 16),
      index,
      attribute(IFA.IFA_LOCAL, addressBytes(address)),
      attribute(IFA.IFA_BROADCAST, addressBytes(broadcast)),
      attribute(IFA.IFA_ADDRESS, addressBytes(address)),
    ],
    words: `addr replace ${address}/${prefixLength} broadcast ${broadcast} dev ${name}`,
  };
}

/** `route add default via GATEWAY`. */
export function addDefaultRoute(gateway: string): Message {
  return defaultRoute(gateway, create, 'add');
}

/** `route replace default via GATEWAY`: in place of the default route that there is, or as the first. */
export function replaceDefaultRoute(gateway: string): Message {
  return defaultRoute(gateway, change | NLM_F.NLM_F_CREATE | NLM_F.NLM_F_REPLACE, 'replace');
}

function defaultRoute(gateway: string, flags: number, verb: string): Message {
  const RT_TABLE_MAIN = 254;
  const RTPROT_BOOT = 3;
  const RT_SCOPE_UNIVERSE = 0;
  const RTN_UNICAST = 1;
  const [destinationBits, sourceBits, typeOfService] = [0, 0, 0];
  return {
    type: RTM.RTM_NEWROUTE,
    flags,
    content: [
      Uint8Array.of(AF.AF_INET, destinationBits, sourceBits, typeOfService),
      Uint8Array.of(RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST),
      0,
      attribute(RTA_GATEWAY, addressBytes(gateway)),
    ],
    words: `route ${verb} default via ${gateway}`,
  };
}
