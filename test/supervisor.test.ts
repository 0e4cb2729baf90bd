import fs from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectSupervisor } from '../src/engine/containers/connection.ts';
import { CHUNK } from '../src/syscalls/protocol.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { supervised } from './support/supervised.ts';

const attachAll = { stdin: true, stdout: true, stderr: true };

test('megabytes go in and come out, both outputs apart, all of it in the log too', () =>
  supervised('cat; echo done >&2', async (shim, files) => {
    const sent = Buffer.alloc(3 << 20, 'abcdefg\n');
    const got = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    shim.onOutput((stream, chunk) => void got[stream].push(chunk));
    shim.client.attach(attachAll);
    shim.go();
    shim.client.write(sent);
    shim.client.end();
    assert.is(await shim.exited, 0);
    assert.ok(Buffer.concat(got.stdout).equals(sent));
    assert.is(Buffer.concat(got.stderr).toString(), 'done\n');
    assert.ok(fs.statSync(files.log).size > sent.length);
    assert.is(fs.readlinkSync(files.exit), '0');
  }));

test('a signal overtakes input that the process does not read', () =>
  supervised('exec sleep 60', async (shim, files) => {
    shim.client.attach(attachAll);
    shim.go();
    await shim.executed;
    shim.client.write(Buffer.alloc(4 << 20, 'x'));
    await new Promise(resolve => setTimeout(resolve, 50));
    shim.client.signal(15);
    assert.is(await shim.exited, 128 + 15);
    assert.is(fs.readlinkSync(files.exit), '143');
  }));

test('a client that does not read stops the output, and the process; it goes on when the client does', () =>
  supervised('i=0; while [ $i -lt 400 ]; do head -c 10000 /dev/zero; i=$((i+1)); done', async (shim, files) => {
    const slow = net.connect(files.socket);
    // ATTACH to stdout, by hand: nothing is read until told to.
    slow.pause();
    slow.write(Buffer.from([97, 2, 0, 0, 0, 0, 0, 0]));
    await new Promise(resolve => setTimeout(resolve, 300));
    shim.go();
    await new Promise(resolve => setTimeout(resolve, 300));
    const stopped = fs.statSync(files.log).size;
    assert.ok(stopped < 4_000_000, `the log has ${stopped} bytes already`);
    let received = 0;
    slow.on('data', chunk => {
      received += chunk.length;
    });
    slow.resume();
    assert.is(await shim.exited, 0);
    await shim.ended;
    assert.ok(received > 4_000_000);
  }));

test('two clients send input at once: none is lost, none is thrown out', () =>
  supervised('exec cat', async (shim, files) => {
    const chunks: Buffer[] = [];
    shim.onOutput((_stream, chunk) => void chunks.push(chunk));
    shim.client.attach(attachAll);
    const other = (await connectSupervisor(files.socket))!;
    other.client.attach({ stdin: true, stdout: false, stderr: false });
    shim.go();
    await shim.executed;
    shim.client.write(Buffer.alloc(20 * CHUNK, 'a'));
    other.client.write(Buffer.alloc(20 * CHUNK, 'b'));
    for (let i = 0; i < 100 && Buffer.concat(chunks).length < 40 * CHUNK; i++)
      await new Promise(resolve => setTimeout(resolve, 20));
    const all = Buffer.concat(chunks);
    assert.is(all.length, 40 * CHUNK);
    assert.is(all.filter(byte => byte === 98).length, 20 * CHUNK);
    other.close();
    shim.client.end();
    assert.is(await shim.exited, 0);
  }));

test('a process in the background that prints on and on: the supervisor ends, and nothing of its own process is lost', () => {
  const listens = join(temporaryFolder('listens'), 'listens');
  // More than the client's connection holds: the rest is in the pipe when the process ends.
  const much = 'head -c 270000 /dev/zero; while echo x; do sleep 0.03; done & exit 3';
  return supervised(`until [ -e ${listens} ]; do echo x; sleep 0.03; done; ${much}`, async (shim, files) => {
    const slow = net.connect(files.socket);
    slow.write(Buffer.from([97, 2, 0, 0, 0, 0, 0, 0]));
    const received: Buffer[] = [];
    slow.on('data', chunk => received.push(chunk));
    slow.once('data', () => {
      slow.pause();
      fs.writeFileSync(listens, '');
    });
    const closed = new Promise(resolve => slow.once('close', () => resolve(undefined)));
    shim.go();
    await shim.executed;
    // Whoever waits for the end would leave the client a second.
    shim.detach();
    await new Promise(resolve => setTimeout(resolve, 2500));
    slow.resume();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise(resolve => {
      timer = setTimeout(resolve, 15_000, 'still there');
    });
    assert.is(await Promise.race([shim.ended, late]), undefined);
    // What the supervisor sent last waits in the connection until the client has read it.
    assert.is(await Promise.race([closed, late]), undefined);
    clearTimeout(timer);
    const all = Buffer.concat(received);
    assert.ok(all.length > 270_000, `${all.length} bytes`);
    assert.equal(all.subarray(-12), Buffer.from([88, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0]));
  });
});

test('a client that speaks nonsense is thrown out, and only that one', () =>
  supervised('read line; echo "got $line"', async (shim, files) => {
    const output: string[] = [];
    shim.onOutput((_stream, chunk) => void output.push(String(chunk)));
    shim.client.attach(attachAll);
    shim.go();
    await shim.executed;
    for (const nonsense of [
      Buffer.alloc(64, 0xff),
      Buffer.from([105, 0, 0, 0, 255, 255, 255, 127]),
      Buffer.from([120, 0, 0, 0, 0, 0, 0, 0]),
    ]) {
      const socket = net.connect(files.socket);
      socket.on('error', () => {});
      socket.write(nonsense);
      await new Promise(resolve => socket.once('close', resolve));
    }
    shim.client.write(Buffer.from('on\n'));
    assert.is(await shim.exited, 0);
    assert.is(output.join(''), 'got on\n');
  }));

test('a launcher that dies before "go" takes the child along', () =>
  supervised('echo never', async (shim, files) => {
    const pid = shim.pid;
    // Letting go lets this process end; the test is not done yet.
    const stay = setInterval(() => {}, 1000);
    shim.detach();
    await shim.ended;
    clearInterval(stay);
    assert.not.ok(fs.existsSync(`/proc/${pid}`));
    assert.is(fs.readlinkSync(files.exit), '125');
    assert.not.match(fs.readFileSync(files.log, 'utf8'), 'never');
  }));

test.run();
