import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../../../test/support/cleanup.ts';
import { fakeEngine, fakeRecord } from '../../cli/testing/fakes.ts';
import { MinidockError } from '../../errors.ts';
import { version } from '../../version.ts';
import { plainType, versionHeader } from '../plain.ts';
import { answerPlain } from '../routes/minidock/answer.ts';
import { parseHost, tlsFilesIn } from './host.ts';
import { remoteEngine } from './remote.ts';

const folder = temporaryFolder('connection');
let sockets = 0;

/** Asks a server that is given the socket's path for its containers: what went wrong. */
async function failureAt(server: net.Server, ask = 'list'): Promise<MinidockError> {
  const path = join(folder, `${++sockets}.sock`);
  await new Promise<void>(resolve => server.listen(path, resolve));
  try {
    const { containers, system } = remoteEngine(parseHost(path));
    if (ask === 'list') await containers.list({ all: true });
    else for await (const _ of system.events());
    throw new Error('nothing went wrong');
  } catch (error) {
    assert.instance(error, MinidockError);
    return error as MinidockError;
  } finally {
    server.close();
  }
}

/** No client goes away, and no server ends. */
const stays = new AbortController().signal;
const ours = { 'Content-Type': plainType, [versionHeader]: version };

test('what is no minidock, or another version of it, is said in one line', async () => {
  const docker = http.createServer((_, response) => response.writeHead(200, { Server: 'Docker' }).end('[]'));
  assert.match((await failureAt(docker)).message, /^what answers at unix:\S+ is no minidock daemon$/);
  const noise = net.createServer(socket => {
    socket.on('error', () => {});
    socket.end('SSH-2.0-OpenSSH_9.2\r\n');
  });
  assert.is((await failureAt(noise)).code, 'not-minidock');
  const older = http.createServer((_, response) =>
    response.writeHead(200, { ...ours, [versionHeader]: '0.0.9' }).end('[]'),
  );
  const { code, message, fix } = await failureAt(older);
  assert.is(code, 'other-version');
  assert.ok(message.includes(version) && message.includes('0.0.9'), message);
  assert.match(fix!, /same version/);
});

test('an answer that breaks off is an error, whatever was read of it', async () => {
  const cut = (text: string) =>
    http.createServer((_, response) => {
      response.writeHead(200, ours);
      response.write(text);
      setTimeout(() => response.destroy(), 20);
    });
  assert.is((await failureAt(cut('{"val'))).code, 'daemon-unreachable');
  assert.is((await failureAt(cut(''), 'events')).code, 'daemon-unreachable');
  const closes = net.createServer(socket => socket.destroy());
  assert.is((await failureAt(closes)).code, 'daemon-unreachable');
  const empty = http.createServer((_, response) => response.writeHead(200, ours).end());
  assert.match((await failureAt(empty)).message, /before it was complete/);
});

test('an error has its code, its fix and its place', async () => {
  const told = { message: 'line 3', code: 'dockerfile', fix: 'mend it', excerpt: '3 | RUM' };
  const refusing = http.createServer((_, response) => response.writeHead(400, ours).end(JSON.stringify(told)));
  const { message, code, fix, excerpt } = await failureAt(refusing);
  assert.equal({ message, code, fix, excerpt }, told);
});

test('a daemon on TCP knows its clients by their certificates', async () => {
  const made = spawnSync(
    'openssl',
    [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=both'.split(' '),
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', 'key.pem', '-out', 'cert.pem'],
    ],
    { cwd: folder },
  );
  // Where there is no openssl there is nothing to make certificates with.
  if (made.status !== 0) return;
  spawnSync('cp', ['cert.pem', 'ca.pem'], { cwd: folder });
  const [cert, key] = ['cert.pem', 'key.pem'].map(name => readFileSync(join(folder, name)));
  const { engine } = fakeEngine(fakeRecord());
  const server = https.createServer(
    { cert, key, ca: [cert!], requestCert: true, rejectUnauthorized: true },
    (request, response) => void answerPlain(engine, request, response, stays),
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  try {
    const files = tlsFilesIn(folder);
    const { containers } = remoteEngine(parseHost(`tcp://127.0.0.1:${port}`, files));
    assert.is((await containers.list({ all: true })).containers[0]!.name, 'web');
    const wrong = [{ ca: files.ca }, {}, undefined];
    for (const tls of wrong) {
      const other = remoteEngine(parseHost(`tcp://127.0.0.1:${port}`, tls));
      const error = await other.containers.list({ all: true }).catch(error => error);
      assert.ok(
        ['daemon-denied', 'daemon-unreachable', 'not-minidock'].includes(error.code),
        `${error.code} ${error.message}`,
      );
    }
    const missing = remoteEngine.bind(undefined, parseHost(`tcp://127.0.0.1:${port}`, tlsFilesIn('/nowhere')));
    assert.throws(missing, /cannot read "\/nowhere\/ca\.pem": ENOENT/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a registry is asked as the user of the command line', async () => {
  const seen: unknown[] = [];
  const { engine } = fakeEngine(fakeRecord(), 0, {
    pull: async (reference, { credentials }) => {
      seen.push([reference, credentials]);
      return [];
    },
  });
  const server = http.createServer((request, response) => void answerPlain(engine, request, response, stays));
  const path = join(folder, 'registry.sock');
  await new Promise<void>(resolve => server.listen(path, resolve));
  const auth = Buffer.from('ada:secret').toString('base64');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { 'box:5000': { auth } } }));
  process.env.DOCKER_CONFIG = folder;
  try {
    const { images } = remoteEngine(parseHost(path));
    const onProgress = () => {};
    await images.pull('box:5000/a', { onProgress });
    await images.pull('other:5000/a', { onProgress });
    assert.equal(seen, [
      ['box:5000/a', { username: 'ada', password: 'secret' }],
      ['other:5000/a', 'none'],
    ]);
    const wrong = await images.pull('NO NAME', { onProgress }).catch(error => error);
    assert.is(wrong.code, 'invalid-reference');
  } finally {
    delete process.env.DOCKER_CONFIG;
    server.closeAllConnections();
    server.close();
  }
});

test.run();
