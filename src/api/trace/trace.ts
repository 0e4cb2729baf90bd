import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Engine } from '../../engine/engine.ts';
import { steadyNow } from '../../host/clock.ts';
import type { TraceEvent } from './model.ts';
import { tracedEngine } from './traced-engine.ts';

/** Where a daemon tells of its requests. */
export const tracePath = '/minidock/trace';

/** What the response of a request emits when its head was written to the connection itself. */
export const takenOver = 'minidock taken over';

type Listener = (event: TraceEvent) => void;

/** What a server tells of its requests, to whoever listens; without listeners nothing is recorded. */
export class ApiTrace {
  readonly #listeners = new Set<Listener>();
  #open = 0;
  #requests = 0;
  #calls = 0;

  /** Returns a function that ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when all requests that began have ended, or after so many milliseconds. */
  async idle(most: number): Promise<void> {
    const until = Date.now() + most;
    while (this.#open > 0 && Date.now() < until) await new Promise(resolve => setTimeout(resolve, 5));
  }

  /** Begins a request: the engine that its calls must go to. */
  begin(engine: Engine, { method = '', url = '', headers }: IncomingMessage, response: ServerResponse): Engine {
    if (this.#listeners.size === 0 || url === tracePath) return engine;
    const request = ++this.#requests;
    const began = steadyNow();
    const at = Date.now();
    const client = headers['minidock-version'] === undefined ? (headers['user-agent'] ?? '') : 'minidock';
    this.#tell({ kind: 'request', request, at, verb: method, target: url, client });
    this.#open++;
    let isTold = false;
    const tellAnswer = (status: number | undefined) => {
      if (!isTold)
        this.#tell({
          kind: 'answer',
          request,
          at: Date.now(),
          took: steadyNow() - began,
          ...(status && { status }),
        });
      isTold = true;
    };
    // A connection that is taken over is answered before it is used, and ends when it is closed.
    response.once(takenOver, () => tellAnswer(response.statusCode));
    response.once('close', () => {
      this.#open--;
      tellAnswer(response.headersSent ? response.statusCode : undefined);
    });
    return this.#engine(engine, request);
  }

  #engine(engine: Engine, request: number): Engine {
    const begun = new Map<number, number>();
    return tracedEngine(engine, {
      begin: (method, about) => {
        const call = ++this.#calls;
        begun.set(call, steadyNow());
        this.#tell({ kind: 'call', request, call, at: Date.now(), method, about });
        return call;
      },
      steps: (call, folded) => this.#tell({ kind: 'steps', request, call, at: Date.now(), ...folded }),
      end: (call, failure) => {
        const took = steadyNow() - begun.get(call)!;
        begun.delete(call);
        const failed =
          failure === undefined ? {} : { failed: failure instanceof Error ? failure.message : String(failure) };
        this.#tell({ kind: 'return', request, call, at: Date.now(), took, ...failed });
      },
    });
  }

  #tell(event: TraceEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
