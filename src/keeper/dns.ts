import type { EngineContext } from '../engine/context.ts';
import { namedNetworks } from '../engine/networks/names.ts';
import { errnoOf } from '../errors.ts';
import { namesPort } from '../network/dns/port.ts';
import { DnsServer } from '../network/dns/server.ts';
import type { NamesAnswered } from '../state/kept.ts';
import type { Bell } from './bell.ts';
import { KnownContainers } from './known-containers.ts';

/** After so long it is tried again what failed: a port was taken, a disk full. In milliseconds. */
const RETRY_MS = 1000;

/**
 * Answers names at the host's address on each network that a user made: containers have it as their name server. Which networks
 * there are is looked at whenever the bell rings. `told` gets the addresses where it answers, and those where it cannot, each
 * time that they change.
 */
export class Names {
  readonly #known: KnownContainers;
  readonly #server: DnsServer;
  #said = '';
  #isOver = false;

  constructor(
    readonly context: EngineContext,
    readonly bell: Bell,
    readonly told: (names: NamesAnswered) => void,
  ) {
    this.#known = new KnownContainers(context);
    this.#server = new DnsServer({ port: namesPort, askerAt: address => this.#known.askerAt(address) });
  }

  /** Follows the networks until `close`. */
  async follow(): Promise<void> {
    while (!this.#isOver) {
      const { count } = this.bell;
      const isDone = await this.#lookAgain().catch(() => false);
      await this.bell.after(count, isDone ? undefined : RETRY_MS);
    }
  }

  /** Whether it answers wherever it should. */
  async #lookAgain(): Promise<boolean> {
    const names = await this.#listen();
    const now = JSON.stringify(names);
    if (now !== this.#said && !this.#isOver) this.told(names);
    this.#said = now;
    return Object.values(names).every(one => one === 'answers');
  }

  /** Frees the ports at once: the next keeper takes them. */
  close(): void {
    this.#isOver = true;
    for (const address of this.#server.addresses) this.#server.close(address);
  }

  async #listen(): Promise<NamesAnswered> {
    this.#known.forget();
    const gateways = new Set(namedNetworks(this.context).map(({ gateway }) => gateway));
    for (const address of this.#server.addresses) if (!gateways.has(address)) this.#server.close(address);
    const names: Record<string, string> = {};
    for (const address of gateways) {
      try {
        await this.#server.listen(address);
        names[address] = 'answers';
      } catch (error) {
        // A network without its bridge has no container that runs.
        if (errnoOf(error) !== 'EADDRNOTAVAIL') names[address] = errnoOf(error) ?? String(error);
      }
    }
    return names;
  }
}
