import { namesPort } from '../dns/port.ts';
import { formatSubnet } from '../ipv4.ts';
import type { Network } from '../network.ts';
import { chainsOf } from './chains.ts';

export type Table = 'raw' | 'mangle' | 'nat' | 'filter';

/** Rules are written as iptables-save prints them, since they are compared with what it prints. */
interface Plan {
  /** Chains that hold nothing but fixed rules of this bridge: they are written anew whenever a rule is missing or wrong. */
  readonly own: readonly { readonly table: Table; readonly chain: string; readonly rules: readonly string[] }[];
  /** Chains that hold rules of containers or of other engines: made where missing, never emptied. */
  readonly shared: readonly { readonly table: Table; readonly chain: string }[];
  /** Jumps from chains that are not ours. With `insert` a jump is put before everything else in the chain. */
  readonly jumps: readonly {
    readonly table: Table;
    readonly chain: string;
    readonly target: string;
    readonly match: string;
    readonly insert: boolean;
  }[];
}

/** The protocols of DNS. */
const transports = ['udp', 'tcp'] as const;

/**
 * What a bridge needs of the firewall.
 *
 * - raw: `route_localnet` lets localhost reach published ports, and would let containers reach what the host serves on
 *   127.0.0.1 only (CVE-2020-8558 was this in Kubernetes): what claims to come from or go to 127/8 is dropped before any
 *   translation wherever it comes in but at lo, also on the wire, where another program may have opened that way.
 * - nat, in: the ports of containers (`publishPorts`), for addresses of this host; 127/8 counts for the host's own
 *   connections alone.
 * - nat, out: containers leave with the host's address. So does what comes back in through a published port from localhost
 *   or from another container: its answer must pass here again to be translated.
 * - filter: into the bridge comes what was translated by a published port, what answers, and what containers tell each other;
 *   nothing else. Out of the bridge goes everything but what is for a network of Docker's, whose own rules decide. In
 *   MINIDOCK-FORWARD the incoming chains of all bridges stand before all outgoing ones, so that no engine's permission to
 *   leave overrules another's not to enter; before them stands MINIDOCK-USER, which is the administrator's. MINIDOCK-FORWARD comes
 *   first in FORWARD: a Docker beside us sets the policy there to DROP.
 * - nat, to the host: questions for names go to the port where they are answered, and not to whoever has port 53. These come first:
 *   a container may publish that port, too.
 * - filter, to the host: where its policy is to let nothing in, questions for names come in from the bridge.
 * - mangle, which comes before filter: of an internal network nothing goes to another interface nor comes from one, whatever
 *   other bridges let in.
 */
export function planOf(network: Network): Plan {
  const { bridge, subnet, gateway, internal = false, icc = true, masquerade = true, names = false } = network;
  const chains = chainsOf(bridge);
  const net = formatSubnet(subnet);
  const local = '-m addrtype --dst-type LOCAL';
  return {
    own: [
      {
        table: 'raw',
        chain: chains.raw,
        rules: ['-d 127.0.0.0/8 ! -i lo -j DROP', '-s 127.0.0.0/8 ! -i lo -j DROP'],
      },
      {
        table: 'nat',
        chain: chains.snat,
        rules: [
          ...(masquerade && !internal ? [`-s ${net} ! -o ${bridge} -j MASQUERADE`] : []),
          `-s 127.0.0.0/8 -o ${bridge} -j MASQUERADE`,
          `-s ${net} -o ${bridge} -m conntrack --ctstate DNAT -j MASQUERADE`,
        ],
      },
      {
        table: 'filter',
        chain: chains.incoming,
        rules: [
          `! -o ${bridge} -j RETURN`,
          '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
          ...(icc ? [`-i ${bridge} -j ACCEPT`] : []),
          '-m conntrack --ctstate DNAT -j ACCEPT',
          '-j DROP',
        ],
      },
      {
        table: 'filter',
        chain: chains.outgoing,
        rules: [`! -i ${bridge} -j RETURN`, '-o docker0 -j RETURN', '-o br-+ -j RETURN', '-j ACCEPT'],
      },
      ...(names
        ? [
            {
              table: 'filter' as const,
              chain: chains.names,
              rules: transports.map(
                over => `-d ${gateway}/32 -i ${bridge} -p ${over} -m ${over} --dport ${namesPort} -j ACCEPT`,
              ),
            },
            {
              table: 'nat' as const,
              chain: chains.names,
              rules: transports.map(
                over =>
                  `-d ${gateway}/32 -p ${over} -m ${over} --dport 53 -j DNAT --to-destination ${gateway}:${namesPort}`,
              ),
            },
          ]
        : []),
      ...(internal
        ? [
            {
              table: 'mangle' as const,
              chain: chains.internal,
              rules: [`-i ${bridge} ! -o ${bridge} -j DROP`, `! -i ${bridge} -o ${bridge} -j DROP`],
            },
          ]
        : []),
    ],
    shared: [
      { table: 'nat', chain: chains.dnat },
      { table: 'filter', chain: chains.forward },
      { table: 'filter', chain: chains.user },
    ],
    jumps: [
      { table: 'raw', chain: 'PREROUTING', target: chains.raw, match: '', insert: true },
      { table: 'nat', chain: 'PREROUTING', target: chains.dnat, match: `! -d 127.0.0.0/8 ${local}`, insert: false },
      { table: 'nat', chain: 'OUTPUT', target: chains.dnat, match: local, insert: false },
      { table: 'nat', chain: 'POSTROUTING', target: chains.snat, match: '', insert: false },
      { table: 'filter', chain: chains.forward, target: chains.incoming, match: '', insert: true },
      { table: 'filter', chain: chains.forward, target: chains.outgoing, match: '', insert: false },
      { table: 'filter', chain: 'FORWARD', target: chains.forward, match: '', insert: true },
      ...(names
        ? ([
            { table: 'filter', chain: 'INPUT', target: chains.names, match: '', insert: true },
            { table: 'nat', chain: 'PREROUTING', target: chains.names, match: '', insert: true },
            { table: 'nat', chain: 'OUTPUT', target: chains.names, match: '', insert: true },
          ] as const)
        : []),
      ...(internal
        ? [{ table: 'mangle' as const, chain: 'FORWARD', target: chains.internal, match: '', insert: true }]
        : []),
    ],
  };
}
