import type { Asker } from './answer.ts';

/** A running container, with what is needed to answer names. */
export interface NamedContainer {
  /** 64 hexadecimal digits; the first twelve are one of its names. */
  readonly id: string;
  readonly name: string;
  /** One of its names, as in Docker. */
  readonly hostname: string;
  /** Its connections to networks that have names, the first of which is asked first. */
  readonly endpoints: readonly NamedEndpoint[];
  /** The name servers for all other names. */
  readonly resolvers: Asker['resolvers'];
  readonly keepsShortNames: boolean;
}

export interface NamedEndpoint {
  /** The id of the network. */
  readonly network: string;
  readonly networkName: string;
  readonly address: string;
  readonly aliases: readonly string[];
  /** Links: names that only this container can use, with the container's name that each stands for. */
  readonly links: Readonly<Record<string, string>>;
}

/** A network, for questions from the host. */
export interface NamedNetwork {
  readonly network: string;
  readonly networkName: string;
  /** The host's address there. */
  readonly gateway: string;
}

/** Names and addresses of the containers of one engine, arranged for questions. Each name is known on its network alone. */
export class Directory {
  /** By address. Where several have one address, the records of all but one are out of date. */
  readonly #containers = new Map<string, NamedContainer[]>();
  readonly #hosts = new Map<string, NamedNetwork>();
  /** By network, then by name in small letters. */
  readonly #names = new Map<string, Map<string, Entry[]>>();

  /** @param runs is called for each container that is part of an answer: whether it still runs */
  constructor(
    containers: readonly NamedContainer[],
    networks: readonly NamedNetwork[],
    readonly runs: (id: string) => boolean = () => true,
  ) {
    for (const network of networks) this.#hosts.set(network.gateway, network);
    for (const container of containers)
      for (const endpoint of container.endpoints) {
        const { network, address, aliases } = endpoint;
        this.#containers.set(address, [...(this.#containers.get(address) ?? []), container]);
        const names = this.#names.get(network) ?? new Map<string, Entry[]>();
        this.#names.set(network, names);
        for (const name of new Set(
          [container.name, container.hostname, container.id.slice(0, 12), ...aliases].map(lower),
        ))
          names.set(name, [...(names.get(name) ?? []), { id: container.id, address }]);
      }
  }

  /** Who asks from this address. The host asks from a network's gateway, and sees that network alone. */
  askerAt(address: string): Asker | undefined {
    const host = this.#hosts.get(address);
    if (host) return this.#asker([{ ...host, links: {} }], { resolvers: () => [], keepsShortNames: false });
    const container = this.#at(address);
    return container && this.#asker(container.endpoints, container);
  }

  #asker(views: readonly View[], { resolvers, keepsShortNames }: Pick<Asker, 'resolvers' | 'keepsShortNames'>): Asker {
    return {
      resolvers,
      keepsShortNames,
      addressesOf: name => this.#find(views, name),
      nameOf: address => {
        const found = this.#at(address);
        const there = found?.endpoints.find(one => one.address === address)?.network;
        const view = views.find(({ network }) => network === there);
        return found && view && `${found.name}.${view.networkName}`;
      },
    };
  }

  #at(address: string): NamedContainer | undefined {
    return this.#containers.get(address)?.find(({ id }) => this.runs(id));
  }

  /** Names of networks, and of containers, may have dots: `a.b.c` is `a.b.c` anywhere, `a.b` of `c`, or `a` of `b.c`. */
  #find(views: readonly View[], name: string): string[] | undefined {
    const whole = this.#onFirst(views, name);
    if (whole !== undefined) return whole;
    for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      const network = name.slice(dot + 1);
      const found = this.#onFirst(
        views.filter(view => lower(view.networkName) === network),
        name.slice(0, dot),
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The addresses on the first network that knows the name; a link hides the name of another container. */
  #onFirst(views: readonly View[], name: string): string[] | undefined {
    for (const { network, links } of views) {
      const linked = Object.hasOwn(links, name) ? links[name] : undefined;
      const found = linked === undefined ? undefined : this.#on(network, lower(linked));
      if (found !== undefined) return found;
    }
    for (const { network, links } of views) {
      const found = Object.hasOwn(links, name) ? undefined : this.#on(network, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #on(network: string, name: string): string[] | undefined {
    const found = this.#names
      .get(network)
      ?.get(name)
      ?.filter(({ id }) => this.runs(id));
    return found === undefined || found.length === 0 ? undefined : found.map(({ address }) => address);
  }
}

type View = Pick<NamedEndpoint, 'network' | 'networkName' | 'links'>;

interface Entry {
  readonly id: string;
  readonly address: string;
}

const lower = (text: string): string => text.toLowerCase();
