import type { Writable } from 'node:stream';

/** How much waits in our memory for a client that does not take it, in bytes: as much as Docker's daemon keeps of a process's output. */
const most = 1 << 20;

/** Undefined where a client may be sent more; else what resolves when it has taken all, or is gone. */
export function roomIn(client: Writable): Promise<void> | undefined {
  if (client.writableLength <= most || client.destroyed) return undefined;
  return new Promise(resolve => {
    const go = () => {
      client.off('drain', go).off('close', go);
      resolve();
    };
    client.on('drain', go).on('close', go);
  });
}
