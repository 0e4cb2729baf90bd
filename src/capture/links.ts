import { addressesIn, answersIn, type Link as KernelLink, linksIn } from '../network/netlink/decode.ts';
import { askKernel, sequenceOf } from '../network/netlink/dump.ts';

/** A network interface, as the kernel has it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** Index of the other end of a veth pair, in the namespace that it lies in. */
  readonly peer?: number;
  readonly up: boolean;
  /** The bridge that it is a port of. */
  readonly master?: string;
  readonly mac?: string;
  readonly kind?: string;
  readonly addresses: readonly string[];
  /** The networks of its addresses: `172.18.0.1/16`. */
  readonly networks: readonly string[];
}

/** The interfaces of network namespaces, with their addresses: what the kernel says, whoever has made them. */
export async function linksOf(namespaces: readonly (string | undefined)[]): Promise<Link[][]> {
  const dumps = ['links', 'addresses'] as const;
  const answers = answersIn(await askKernel(namespaces.map(namespace => ({ namespace, dumps }))).answers);
  return namespaces.map((_, question) => {
    const [links, addresses] = dumps.map((_, dump) =>
      answers.filter(({ sequence }) => sequence === sequenceOf(question, dump)),
    );
    const all = linksIn(links!);
    const known = addressesIn(addresses!);
    return all.map(link => {
      const networks = known.filter(({ index }) => index === link.index).map(({ address }) => address);
      return { ...describe(link, all), networks, addresses: networks.map(address => address.split('/')[0]!) };
    });
  });
}

function describe({ index, name, up, mac, kind, link, master }: KernelLink, all: readonly KernelLink[]) {
  const bridge = all.find(one => one.index === master)?.name;
  return {
    index,
    name,
    up,
    ...(mac !== undefined && { mac }),
    ...(kind !== undefined && { kind }),
    ...(kind === 'veth' && link !== undefined && { peer: link }),
    ...(bridge !== undefined && { master: bridge }),
  };
}
