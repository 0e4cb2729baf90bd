import type { Writable } from 'node:stream';

/** How much waits in our memory for a client that does not take it, in bytes: as much as Docker's daemon keeps of a process's output. */
const most = 1 << 20;

/** Clients that have no room, and what resolves when they have. */
const full = new WeakMap<Writable, Promise<void>>();

/** Undefined where a client may be sent more; else what resolves when it has taken all, or is gone. */
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
