// @mounts-nothing its subject is how the daemon listens and what it keeps
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { endProcesses, onExit, temporaryFolder } from './support/cleanup.ts';
import { asking, type Daemon, startDaemon } from './support/daemon.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** Where the daemon listens and for whom, what many clients and clients that vanish leave behind, how it stops. */
const test = requires('root', 'overlayfs', 'busybox', 'openssl');

let box: BusyboxEngine;
let daemon: Daemon;
let port: number;
let second: string;
let pidfile: string;
const gid = 4242;
const folder = temporaryFolder('certificates');
const pem = (name: string) => join(folder, `${name}.pem`);

/** A certificate for 127.0.0.1, signed by `authority`; without one, an authority. */
function certify(name: string, authority?: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', pem(`${name}-key`)];
  if (authority === undefined) {
    openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, '-days', '2', '-out', pem(name));
    return;
  }
  writeFileSync(pem('names'), 'subjectAltName=IP:127.0.0.1');
  openssl('req', ...key, '-subj', `/CN=${name}`, '-out', pem('request'));
  const signed = ['-CA', pem(authority), '-CAkey', pem(`${authority}-key`), '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', pem('request'), ...signed, '-extfile', pem('names'), '-out', pem(name));
}

const tlsFlags = ['--tlscacert', pem('ca'), '--tlscert', pem('server'), '--tlskey', pem('server-key')];

test.before(async () => {
  for (const authority of ['ca', 'foreign']) certify(authority);
  for (const [name, authority] of [
    ['server', 'ca'],
    ['client', 'ca'],
    ['stranger', 'foreign'],
  ])
    certify(name!, authority);
  box = await busyboxEngine();
  port = await freePort();
  second = join(temporaryFolder('second'), 'made', 'api.sock');
  chmodSync(join(second, '../..'), 0o711);
  pidfile = join(temporaryFolder('pid'), 'minidock.pid');
  const hosts = [`unix://${join(box.execRoot, 'minidock.sock')}`, `unix://${second}`, `tcp://127.0.0.1:${port}`];
  daemon = await startDaemon(box, [
    ...hosts.flatMap(host => ['-H', host]),
    ...['--tlsverify', ...tlsFlags, '--group', String(gid), '--pidfile', pidfile],
  ]);
  await eventually(() => assert.match(daemon.output(), `API listens on tcp://127.0.0.1:${port}`));
});

/** What a client of TLS gets from /_ping: the text, or the error. */
const ping = (name?: string) =>
  new Promise<string>(resolve => {
    const own = name === undefined ? {} : { cert: readFileSync(pem(name)), key: readFileSync(pem(`${name}-key`)) };
    const options = {
      host: '127.0.0.1',
      port,
      path: '/_ping',
      ca: readFileSync(pem('ca')),
      agent: false as const,
      ...own,
    };
    https
      .get(options, response => {
        let text = '';
        response.on('data', chunk => {
          text += chunk;
        });
        response.once('end', () => resolve(text));
      })
      .once('error', error => resolve(`error: ${error.message}`));
  });

const descriptors = () => readdirSync(`/proc/${daemon.process.pid}/fd`).length;

/** Sends a request over a socket of its own and leaves it open. */
function open(text: string, options: net.SocketConstructorOpts = {}): Promise<net.Socket> {
  const socket = new net.Socket(options);
  return new Promise((resolve, reject) => {
    socket.once('error', reject).connect(daemon.socket, () => {
      socket.write(text);
      resolve(socket);
    });
  });
}

const until = (socket: net.Socket, wanted: RegExp) =>
  new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('data', chunk => {
      text += chunk;
      if (wanted.test(text)) resolve(text);
    });
    socket.once('close', () => reject(new Error(`closed after ${text}`)));
  });

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: d\r\n\r\n`;
const hijack = (path: string) =>
  `POST ${path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n`;

test('it listens at several places; its sockets are root:GROUP 0660, in folders that the group may pass', async () => {
  for (const socket of [daemon.socket, second]) {
    assert.is((await asking(socket)('GET', '/_ping')).text, 'OK');
    const { mode, uid, gid: group } = statSync(socket);
    assert.equal([mode & 0o777, uid, group], [0o660, 0, gid]);
  }
  const setpriv = ['--reuid=65534', '--clear-groups'];
  const curl = ['bash', '-c', `test -w ${second}`];
  execFileSync('setpriv', [...setpriv, `--regid=${gid}`, ...curl]);
  assert.throws(() => execFileSync('setpriv', [...setpriv, '--regid=65534', ...curl], { stdio: 'pipe' }));
  assert.is(readFileSync(pidfile, 'utf8').trim(), String(daemon.process.pid));
});

test('TCP is for clients with a certificate of the authority, and for nobody else', async () => {
  assert.is(await ping('client'), 'OK');
  assert.match(await ping(), /^error: /);
  assert.match(await ping('stranger'), /^error: /);
  const flags = ['--tlscacert', pem('ca'), '--tlscert', pem('client'), '--tlskey', pem('client-key')];
  const remote = ['-H', `tcp://127.0.0.1:${port}`, ...flags];
  const { MINIDOCK_ROOT: _r, MINIDOCK_EXEC_ROOT: _e, MINIDOCK_BRIDGE: _b, MINIDOCK_CONFIG: _c, ...env } = box.env;
  const { stdout } = await box.minidock([...remote, 'run', '--rm', '--network', 'none', 'bb', 'echo', 'over TLS'], {
    env,
  });
  assert.is(stdout, 'over TLS');
});

test('what it cannot listen on is refused in one line, and nothing is left', async () => {
  const socket = join(temporaryFolder('refused'), 's');
  const refused: [string[], RegExp][] = [
    [['-H', `unix://${socket}`, '-H', 'tcp://127.0.0.1:1'], /tcp:\/\/127\.0\.0\.1:1 without TLS/],
    [['-H', `unix://${socket}`, '-H', `tcp://127.0.0.1:${port}`, ...tlsFlags], /somebody already does/],
    [['-H', `unix://${socket}`, '--group', 'no-such'], /this host has no such group/],
    [['-H', `unix://${socket}`, '--tlsverify', '--tlscacert', '/no/such'], /--tlscacert: .*ENOENT/],
    [
      ['-H', `unix://${socket}`, '--tlsverify', ...tlsFlags, '--tlskey', pem('client-key'), '-H', 'tcp://127.0.0.1:1'],
      /cannot be used/,
    ],
    [['-H', `unix://${socket}`, '--pidfile', pidfile], /a daemon that lives/],
    [['-H', 'fd://'], /needs sockets from systemd/],
    [['-H', 'http://x'], /must be unix:/],
  ];
  for (const [args, why] of refused) {
    const { exitCode, stderr } = await box.minidock(['daemon', ...args]);
    assert.is.not(exitCode, 0, args.join(' '));
    assert.match(String(stderr), why);
    assert.not.match(String(stderr), /^ +at /m);
    assert.not.ok(existsSync(socket), args.join(' '));
  }
  assert.is(readFileSync(pidfile, 'utf8').trim(), String(daemon.process.pid));
});

test('systemd gives it sockets that listen already; it leaves their files', async () => {
  const socket = join(temporaryFolder('activated'), 's');
  const listener = net.createServer();
  await new Promise<void>(resolve => listener.listen(`${socket}.made`, resolve));
  // Who has made it takes it away, under its first name.
  renameSync(`${socket}.made`, socket);
  const { fd } = (listener as unknown as { _handle: { fd: number } })._handle;
  const child = spawn(
    'sh',
    ['-c', 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" daemon', join(process.cwd(), 'bin/minidock')],
    {
      stdio: ['ignore', 'ignore', 'pipe', fd],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, ...box.env },
    },
  );
  onExit(() => endProcesses([child.pid ?? 0]));
  let said = '';
  child.stderr!.on('data', chunk => {
    said += chunk;
  });
  const ended = new Promise(resolve => child.once('exit', resolve));
  await eventually(() => assert.match(said, /API listens on fd:\/\/3/), 30);
  // A second process that accepts would take some of the connections.
  (listener as unknown as { _handle: { close(): void } })._handle.close();
  assert.is((await asking(socket)('GET', '/_ping')).text, 'OK');
  child.kill();
  assert.is(await ended, 0);
});

test('a body over the limit is 413, told also to who still sends', async () => {
  const { status, json } = await daemon.ask('POST', '/containers/create', `{"a":"${'a'.repeat(17 << 20)}"}`, {
    'Content-Type': 'application/json',
  });
  assert.is(status, 413);
  assert.match(json.message, /over 16777216 bytes/);
  const chunked = await open(
    'POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  const answer = until(chunked, /request is over/);
  const part = `${(1 << 20).toString(16)}\r\n${'a'.repeat(1 << 20)}\r\n`;
  for (let i = 0; i < 17; i++) chunked.write(part);
  assert.match(await answer, /^HTTP\/1\.1 413 /);
  chunked.destroy();
});

test('/archive stays in the container, whatever its paths and links say', async () => {
  await box.ok(['create', '--name', 'files', '--network', 'none', 'bb', 'true']);
  const parts = temporaryFolder('archive');
  execFileSync('sh', [
    '-c',
    `cd ${parts} && echo stolen >f && tar --transform 's,^,../../../../../..${parts}/,' -P -cf up.tar f`,
  ]);
  execFileSync('sh', ['-c', `cd ${parts} && ln -s ${parts} out && tar -cf link.tar out && rm f`]);
  const put = async (path: string, file: string) =>
    (await daemon.ask('PUT', `/containers/files/archive?path=${path}`, readFileSync(join(parts, file)))).status;
  await put('/', 'up.tar');
  assert.is(await put('/', 'link.tar'), 200);
  await put('/out', 'link.tar');
  assert.equal(readdirSync(parts).sort(), ['link.tar', 'out', 'up.tar']);
  assert.ok(lstatSync(join(parts, 'out')).isSymbolicLink());
  const up = await daemon.ask('GET', `/containers/files/archive?path=../../../../..${parts}/link.tar`);
  const through = await daemon.ask('GET', '/containers/files/archive?path=/out/link.tar');
  assert.equal([up.status, through.status], [404, 404]);
});

test('clients that vanish leave nothing open; neither does who ends half of a hijacked connection', async () => {
  await box.ok(['run', '-d', '-i', '--name', 'long', '--network', 'none', 'bb', 'sh', '-c', 'echo up; exec cat']);
  await daemon.ask('GET', '/containers/json');
  let before = 0;
  await eventually(() => {
    const now = descriptors();
    const isSteady = now === before;
    before = now;
    assert.ok(isSteady);
  });
  const streams = [
    get('/containers/long/logs?follow=1&stdout=1'),
    get('/events'),
    get('/containers/long/stats'),

    'POST /containers/long/wait HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n',
    hijack('/containers/long/attach?stream=1&stdout=1&stdin=1'),
    hijack('/containers/long/attach?stream=1&stdout=1').replace(/Connection.*\r\nUpgrade.*\r\n/, ''),
  ];
  const vanishing: net.Socket[] = [];
  for (const text of [...streams, ...streams]) {
    const socket = await open(text);
    await until(socket, /^HTTP\/1\.1 (200|101) /);
    socket.on('error', () => {});
    vanishing.push(socket);
  }
  assert.ok(descriptors() > before);
  for (const socket of vanishing) socket.destroy();
  await eventually(
    () =>
      assert.ok(
        descriptors() <= before,
        `${execFileSync('ls', ['-l', `/proc/${daemon.process.pid}/fd`])}, ${before} before`,
      ),
    30,
  );

  // The other half still brings the output, and the end.
  const half = await open(hijack('/containers/long/attach?stream=1&stdin=1&stdout=1'), {
    allowHalfOpen: true,
  } as never);
  await until(half, /UPGRADED/);
  const ended = new Promise(resolve => half.once('end', resolve));
  const echoed = until(half, /last words/);
  half.end('last words\n');
  await echoed;
  await box.ok(['kill', 'long']);
  await ended;
  half.destroy();
  await eventually(() => assert.ok(descriptors() <= before), 30);
});

test('fifty clients at once are all answered, and hundreds of requests leave nothing', async () => {
  const paths = ['/_ping', '/version', '/containers/json?all=1', '/images/json', '/networks', '/containers/files/json'];
  const round = async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => daemon.ask('GET', paths[i % paths.length]!)),
    );
    assert.equal([...new Set(answers.map(({ status }) => status))], [200]);
  };
  await round();
  await eventually(() => assert.ok(descriptors() < 60), 30);
  const before = descriptors();
  for (let i = 0; i < 5; i++) await round();
  await eventually(() => assert.ok(descriptors() <= before), 30);
  assert.not.match(daemon.output(), /Warning/);
});

test('SIGTERM ends streams, takes its sockets and its pidfile away; containers live on', async () => {
  await box.ok(['run', '-d', '--name', 'survivor', '--network', 'none', 'bb', 'sleep', '600']);
  const events = await open(get('/events'));
  await until(events, /^HTTP\/1\.1 200 /);
  const closed = new Promise(resolve => events.once('close', resolve));
  // An upload of which the second half is still to come: it has its time to end.
  const tar = execFileSync('tar', ['-C', folder, '-cf', '-', 'ca.pem']);
  const upload = await open(
    `PUT /containers/files/archive?path=/tmp HTTP/1.1\r\nHost: d\r\nContent-Type: application/x-tar\r\nContent-Length: ${tar.length}\r\n\r\n`,
  );
  upload.write(tar.subarray(0, 512));
  // It was taken in.
  assert.is((await daemon.ask('GET', '/_ping')).status, 200);
  const stopped = daemon.end();
  // The answer has come to its end, and its connection can be used again: a request that comes now is refused in words.
  await until(events, /(^|\r\n)0\r\n\r\n$/);
  const refused = until(events, /stopping/);
  events.write(get('/_ping'));
  assert.match(await refused, /HTTP\/1\.1 503 [\s\S]*Connection: close[\s\S]*\{"message":"the daemon is stopping"\}/i);
  const late = daemon.ask('GET', '/_ping').then(
    ({ status }) => status,
    () => 'nobody listens',
  );
  assert.is(await late, 'nobody listens');
  const uploaded = until(upload, /^HTTP\/1\.1 200 /);
  upload.write(tar.subarray(512));
  await uploaded;
  assert.is(await stopped, 0);
  await closed;
  for (const file of [daemon.socket, second, pidfile]) assert.not.ok(existsSync(file), file);
  assert.match(await box.ok(['ps', '--format', '{{.Names}} {{.Status}}']), /survivor Up/);
  await box.ok(['rm', '-f', 'survivor', 'long', 'files']);
});

test.run();
