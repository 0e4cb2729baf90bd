import type { EngineContext } from '../engine/context.ts';
import { namedNetworks } from '../engine/networks/names.ts';
import { errnoOf } from '../errors.ts';
import { namesPort } from '../network/dns/port.ts';
import { DnsServer } from '../network/dns/server.ts';
import type { NamesAnswered } from '../state/kept.ts';
import type { Bell } from './bell.ts';
import { KnownContainers } from './known-containers.ts';

/** The delay after which a failed attempt is repeated (a port was taken, a disk full), in milliseconds. */
const RETRY_MS = 1000;

/**
 * Answers names at the host's address on each network that a user made, which is the name server of the containers there. The
 * list of networks is read again whenever the bell rings. `told` is called with the addresses where it answers, and those where
 * it cannot, each time they change.
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

  /** Returns whether it answers at all addresses where it should. */
  async #lookAgain(): Promise<boolean> {
    const names = await this.#listen();
    const now = JSON.stringify(names);
    if (now !== this.#said && !this.#isOver) this.told(names);
    this.#said = now;
    return Object.values(names).every(one => one === 'answers');
  }

  /** Closes the sockets at once: the next keeper binds them. */
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
        // The bridge of this network is not up, so no container runs on it.
        if (errnoOf(error) !== 'EADDRNOTAVAIL') names[address] = errnoOf(error) ?? String(error);
      }
    }
    return names;
  }
}
