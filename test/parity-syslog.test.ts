// @mounts-nothing its subject is where lines go
import dgram from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { enginePaths } from '../src/state/paths.ts';
import { type Both, both } from './support/both.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/** `--log-driver syslog`: the bytes that arrive, from Docker 20.10 and from here; and what befalls lines on their way here. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let two: Both;
test.before(async () => {
  two = await both();
});
test.after(() => two.box.removeAll());

/** Keeps the bytes that arrive at an address; a datagram is closed in braces. */
interface Receiver {
  readonly address: string;
  readonly received: () => string;
  close(): void;
}

async function receiver(protocol: 'udp' | 'tcp' | 'unix', port = 0): Promise<Receiver> {
  const chunks: Buffer[] = [];
  const received = () => Buffer.concat(chunks).toString('latin1');
  if (protocol === 'udp') {
    const socket = dgram.createSocket('udp4');
    socket.on('message', message => chunks.push(Buffer.from('{'), message, Buffer.from('}')));
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return { address: `udp://127.0.0.1:${socket.address().port}`, received, close: () => socket.close() };
  }
  const open = new Set<net.Socket>();
  const server = net.createServer(socket => {
    open.add(socket.on('data', chunk => chunks.push(chunk)).on('error', () => {}));
  });
  const path = join(temporaryFolder('syslog'), 's');
  server.listen(protocol === 'unix' ? { path } : { port, host: '127.0.0.1' });
  await once(server, 'listening');
  const close = () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  const address = protocol === 'unix' ? `unix://${path}` : `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { address, received, close };
}

const flags = (address: string, options: readonly string[] = []) => [
  ...['--network=none', '--log-driver=syslog', '--log-opt', `syslog-address=${address}`],
  ...options.flatMap(option => ['--log-opt', option]),
];

/** Both streams come in any order. */
const normal = (bytes: string) =>
  bytes
    .replace(/\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\b/g, 'STAMP')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?(Z|[+-]\d\d:\d\d)/g, (_, fraction) =>
      fraction ? 'MICRO' : 'TIME',
    )
    .replace(/\b[0-9a-f]{12}\b/g, 'ID')
    .replace(/\[\d+\]/g, '[PID]')
    .replace(/ \d+ (?=\S+ - )/g, ' PID ')
    .replaceAll('\n}', '}\n')
    .split(/(?<=\n)/)
    .sort();

const printing = `printf 'one\\n\\ntab\\t \\001 \\303\\251 "\\\\ end\\n'; printf 'to stderr\\n' >&2; printf 'no end'`;

for (const [protocol, options] of [
  ['udp', []],
  ['tcp', ['syslog-format=rfc5424micro', 'tag={{.Name}}/{{.ImageName}}']],
  ['unix', ['syslog-format=rfc3164', 'syslog-facility=local3', 'tag=']],
  ['udp', ['syslog-format=rfc5424', 'syslog-facility=5', 'labels=a', 'env=B']],
] as ['udp' | 'tcp' | 'unix', string[]][])
  test(`over ${protocol}, ${options.join(' ') || 'by default'}`, async () => {
    const seen: string[][] = [];
    for (const engine of ['docker', 'ours'] as const) {
      const to = await receiver(protocol);
      const answer = await two[engine]([
        'run',
        '--rm',
        '--name',
        'web',
        ...flags(to.address, options),
        'bb',
        'sh',
        '-c',
        printing,
      ]);
      assert.is(answer.code, 0, answer.stderr);
      await eventually(() => to.received().includes('no end'), 20);
      to.close();
      seen.push(normal(to.received()));
    }
    assert.equal(seen[1], seen[0]);
    assert.is(seen[0]!.length, 4, seen[0]!.join(''));
  });

test('a syslog daemon with a socket of datagrams files them by facility and severity', async () => {
  const daemon = await two.box.start('touch /log; exec busybox syslogd -n -O /log');
  const pid = await two.box.inspect(daemon, '{{.State.Pid}}');
  const socket = `/proc/${pid}/root/dev/log`;
  await eventually(() => existsSync(socket), 20);
  const address = `unixgram://${socket}`;
  await two.box.ok([
    'run',
    '--rm',
    '--name',
    'web',
    ...flags(address, ['tag={{.Name}}', 'syslog-facility=local7']),
    'bb',
    'sh',
    '-c',
    printing,
  ]);
  const file = await eventually(async () => {
    const text = await two.box.inside(daemon, 'cat /log');
    return /no end/.test(text) && text;
  }, 20);
  assert.match(String(file), /local7\.info web\[\d+\]: one\n/);
  assert.match(String(file), /local7\.err web\[\d+\]: to stderr\n/);
  await two.box.ok(['rm', '-f', daemon]);
});

test('no line is lost while the keeper is killed and while the daemon is away', async () => {
  const first = await receiver('tcp');
  // The last lines are printed when the daemon is back: an end meanwhile would leave them for the next start.
  const waits = 'test $i -eq 25 && until test -e /back; do sleep 0.05; done';
  const lines = `i=0; while test $i -lt 40; do i=$((i+1)); echo line $i.; ${waits}; sleep 0.05; done`;
  const id = await two.box.start(lines, ...flags(first.address).slice(1));
  await eventually(() => first.received().includes('line 5.'), 20);
  const { pid } = JSON.parse(readFileSync(enginePaths(two.box).keeper, 'utf8'));
  process.kill(pid, 'SIGKILL');
  // Any command calls the next one.
  await two.box.ok(['ps']);
  await eventually(() => first.received().includes('line 15.'), 20);
  first.close();
  await eventually(async () => (await two.box.ok(['logs', id])).includes('line 25.'), 20);
  const second = await receiver('tcp', Number(new URL(first.address).port));
  await two.box.inside(id, 'touch /back');
  await eventually(() => second.received().includes('line 40.'), 30);
  second.close();
  const all = first.received() + second.received();
  for (let i = 1; i <= 40; i++) assert.match(all, `line ${i}.\n`);
  await two.box.ok(['rm', '-f', id]);
});

test('logs shows what was sent, unless it is told to keep nothing for that', async () => {
  const to = await receiver('udp');
  for (const options of [[], ['cache-max-size=1m', 'cache-max-file=3', 'mode=non-blocking']]) {
    await two.ask(['run', '--name', 'kept', ...flags(to.address, options), 'bb', 'echo', 'hello']);
    await two.same(['logs', 'kept']);
    await two.same(['inspect', '--format', '{{.HostConfig.LogConfig.Type}} {{.LogPath}}', 'kept']);
    await two.ask(['rm', 'kept']);
  }
  await two.ask(['run', '--name', 'kept', ...flags(to.address, ['cache-disabled=true']), 'bb', 'echo', 'hello']);
  await two.same(['logs', 'kept']);
  await two.ask(['rm', 'kept']);
  to.close();
});

test('what is refused, when the container is made and when it is started', async () => {
  const udp = 'udp://127.0.0.1:9';
  for (const options of [
    ['syslog-address=foo'],
    ['syslog-address=foo://x'],
    ['syslog-address=tcp://127.0.0.1:1:2'],
    ['syslog-address=unix:///nonexistent/x'],
    ['syslog-facility=foo'],
    ['syslog-facility=24'],
    ['syslog-facility=-1'],
    ['syslog-format=foo'],
    ['syslog-format=default'],
    ['max-size=1m'],
    ['foo=bar'],
  ]) {
    const rest = options.flatMap(option => ['--log-opt', option]);
    const { there, here } = await two.ask(['create', ...flags(udp).slice(0, 4), ...rest, 'bb', 'true']);
    assert.is.not(here.code, 0, options.join());
    two.sameGist(there.stderr, here.stderr);
  }
  for (const address of ['tcp://127.0.0.1:1', 'unix:///bin/sh']) {
    const { there, here } = await two.ask(['run', '--name', 'no', ...flags(address), 'bb', 'true']);
    assert.is(here.code, there.code);
    two.sameGist(there.stderr, here.stderr);
    await two.same(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}', 'no']);
    await two.ask(['rm', 'no']);
  }
});

test.run();
