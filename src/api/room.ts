import type { Writable } from 'node:stream';

/**
 * How many bytes may wait in memory for a client that does not read: as many as Docker's daemon keeps of a process's output.
 */
const most = 1 << 20;

/** Clients whose buffer is full, each with a promise that resolves when it is empty or the client is gone. */
const full = new WeakMap<Writable, Promise<void>>();

/** Undefined where a client may be sent more; else a promise that resolves when it has read everything, or is gone. */
export function roomIn(client: Writable): Promise<void> | undefined {
  if (client.writableLength <= most || client.destroyed) return undefined;
  const known = full.get(client);
  if (known !== undefined) return known;
  const room = new Promise<void>(resolve => {
    const go = () => {
      client.off('drain', go).off('close', go);
      full.delete(client);
      resolve();
    };
    client.on('drain', go).on('close', go);
  });
  full.set(client, room);
  return room;
}
