import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

/** What comes in, and where the answer goes: an upgrade has its body in `body`, without what follows it. */
export interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Readable;
  /** The bytes that were read from the connection after the body. */
  rest(): Buffer;
  readonly upgraded: boolean;
}
