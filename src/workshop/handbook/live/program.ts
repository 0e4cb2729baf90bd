import type http from 'node:http';
import { Driver } from './driver.ts';
import type { LiveEvent } from './events.ts';

/** So long a program waits for its page to come back before it ends, in milliseconds. */
const GRACE_MS = 3000;
/** So soon a page comes back, in milliseconds. */
const RETRY_MS = 200;

/**
 * A program that runs for one page, and the events for it (HTML Living Standard, 9.2). A browser gives up its connections while a
 * link of the machine appears, and a container's veth is one: so events are numbered, and a page that comes back gets those that it missed.
 */
export class LiveProgram {
  readonly #events: LiveEvent[] = [];
  readonly #driver: Driver;
  #response: http.ServerResponse | undefined;
  #leaving: NodeJS.Timeout | undefined;
  #isOver = false;
  /** Nobody waits for the page. */
  #isStopped = false;
  #forget!: () => void;
  /** Resolves when nothing of the program is left, and its page knows or is gone. */
  readonly ended: Promise<void>;

  constructor(readonly page: string) {
    this.ended = new Promise(resolve => {
      this.#forget = resolve;
    });
    this.#driver = new Driver(page, event => {
      this.#events.push(event);
      this.#send(this.#events.length - 1);
    });
    void this.#driver.ended.finally(() => {
      this.#isOver = true;
      if (this.#leaving === undefined || this.#isStopped) this.#end();
    });
  }

  /** Sends the page the events after the one of this number. */
  attach(response: http.ServerResponse, after = -1): void {
    clearTimeout(this.#leaving);
    this.#leaving = undefined;
    this.#response?.end();
    this.#response = response;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`retry: ${RETRY_MS}\n\n`);
    response.on('close', () => this.#left(response));
    for (let at = after + 1; at < this.#events.length; at++) this.#send(at);
    if (this.#isOver) this.#end();
  }

  /** Lets the step that waits be done. */
  go(): void {
    this.#driver.go();
  }

  /** Ends the program, whether its page is there or not. */
  stop(): void {
    this.#isStopped = true;
    this.#driver.stop();
    if (this.#isOver) this.#end();
  }

  #send(at: number): void {
    this.#response?.write(`id: ${at}\ndata: ${JSON.stringify(this.#events[at])}\n\n`);
  }

  #left(response: http.ServerResponse): void {
    if (this.#response !== response) return;
    this.#response = undefined;
    this.#leaving = setTimeout(() => {
      this.stop();
    }, GRACE_MS);
  }

  #end(): void {
    clearTimeout(this.#leaving);
    this.#forget();
    this.#response?.end();
  }
}
