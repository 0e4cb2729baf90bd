import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SupervisorClient } from './protocol.ts';

/** A supervisor that takes frames and answers none. */
function silent(): { socket: Socket; frames: string[] } {
  const frames: string[] = [];
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      frames.push(chunk.toString('latin1', 0, 1));
      done();
    },
  });
  return { socket: socket as Socket, frames };
}

test('input waits for the process to take it, and for no process that has ended', async () => {
  const { socket, frames } = silent();
  const client = new SupervisorClient(socket);
  const settled: string[] = [];
  const writes = ['one', 'two'].map(word => client.write(Buffer.from(word)).then(() => settled.push(word)));
  await new Promise(resolve => setImmediate(resolve));
  assert.equal([frames, settled], [['i'], []]);
  client.accepted();
  await new Promise(resolve => setImmediate(resolve));
  assert.equal([frames, settled], [['i', 'i'], []]);
  socket.destroy();
  await Promise.all(writes);
  assert.equal(settled, ['one', 'two']);
  await client.write(Buffer.from('three'));
  assert.equal(frames, ['i', 'i']);
});

test.run();
