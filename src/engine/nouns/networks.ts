import type { NetworkDefinition } from '../../network/definition.ts';

/** Networks of containers: `bridge`, `host` and `none`, and those that users make. A `reference` is a name, an id or the unique beginning of one. */
export interface Networks {
  /**
   * Makes a network with a bridge of its own. Throws `invalid-network`, `predefined-network`, `name-in-use`, `subnet-taken`,
   * `no-such-network-driver`.
   */
  create(options: NetworkCreation): Promise<{ readonly id: string }>;
  /** By name. */
  list(): Promise<Network[]>;
  /** Throws `no-such-network`. */
  inspect(reference: string): Promise<Network>;
  /** Removes a network that no running container is connected to. Throws `predefined-network`, `network-in-use`, `no-such-network`. */
  remove(reference: string): Promise<void>;
  /** Removes those that users made and that no running container is connected to; a network must meet all filters. */
  prune(filter?: NetworkPruneFilter): Promise<{ readonly names: readonly string[] }>;
  /**
   * Connects a container: one that runs at once, another from its next start on. Throws `already-connected`, `address-in-use`,
   * `invalid-network`.
   */
  connect(reference: string, container: string, options?: Connection): Promise<void>;
  /** Disconnects a container; with `force` also from a network that is gone. Throws `not-connected`, `no-such-network`. */
  disconnect(reference: string, container: string, options?: { readonly force?: boolean }): Promise<void>;
  /** Restores what others removed from the networks of this engine: the host's settings, rules, bridges, veth pairs. */
  repair(): Promise<readonly NetworkRepair[]>;
}

export interface NetworkRepair {
  readonly name: string;
  /** What was missing and has been restored, a line each; none where all was right. */
  readonly mended: readonly string[];
  /** Interfaces of containers that only a restart of the container brings back. */
  readonly lost: readonly string[];
}

export interface NetworkCreation {
  readonly name: string;
  /** `bridge` is the only one. */
  readonly driver?: string;
  readonly subnet?: string;
  readonly gateway?: string;
  readonly ipRange?: string;
  readonly auxAddresses?: Readonly<Record<string, string>>;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the driver. */
  readonly options?: Readonly<Record<string, string>>;
}

export interface Network extends Omit<NetworkDefinition, 'bridge' | 'subnet' | 'gateway'> {
  readonly driver: 'bridge' | 'host' | 'null';
  readonly predefined: boolean;
  readonly subnet?: string;
  readonly gateway?: string;
  /** Of the containers that run. */
  readonly endpoints: readonly NetworkMember[];
}

export interface NetworkMember {
  readonly container: string;
  readonly name: string;
  readonly endpointId: string;
  readonly macAddress?: string;
  /** With its prefix: `172.18.0.2/16`. */
  readonly address?: string;
}

export interface Connection {
  readonly ip?: string;
  readonly aliases?: readonly string[];
  readonly links?: readonly string[];
}

export interface NetworkPruneFilter {
  /** `key` or `key=value`, each. */
  readonly labels?: readonly string[];
  /** `key` or `key=value`, none. */
  readonly withoutLabels?: readonly string[];
  /** Milliseconds since the epoch: made before each of them. */
  readonly until?: readonly number[];
}
