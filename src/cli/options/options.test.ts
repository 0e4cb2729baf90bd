import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readDetachKeys } from '../../api/detach/keys.ts';
import { readVolume } from '../../container/options/bind.ts';
import { readMac } from '../../container/options/network.ts';
import { readPublish } from '../../network/ports/read-publish.ts';
import { integer } from '../grammar/flags.ts';
import { parse } from '../grammar/parse.ts';
import { readBytes } from '../print/size.ts';
import { collectEnvironment } from './environment.ts';
import { readCpus } from './resources/limits.ts';
import { containerFlags, toRunOptions } from './run-options.ts';
import { readVariable } from './variable.ts';

test('ports', () => {
  const tcp = (containerPort: number, hostPort?: number, hostIp?: string) => ({
    ...(hostIp === undefined ? {} : { hostIp }),
    ...(hostPort === undefined ? {} : { hostPort }),
    containerPort,
    protocol: 'tcp' as const,
  });
  assert.equal(readPublish('80'), [tcp(80)]);
  assert.equal(readPublish('8080:80'), [tcp(80, 8080)]);
  assert.equal(readPublish(':80'), [tcp(80)]);
  assert.equal(readPublish('127.0.0.1:8080:80'), [tcp(80, 8080, '127.0.0.1')]);
  assert.equal(readPublish('127.0.0.1::80'), [tcp(80, undefined, '127.0.0.1')]);
  assert.equal(readPublish('[::1]:8080:80'), [tcp(80, 8080, '::1')]);
  assert.equal(readPublish('53:53/udp'), [{ hostPort: 53, containerPort: 53, protocol: 'udp' }]);
  assert.equal(readPublish('8000-8002:80-82'), [tcp(80, 8000), tcp(81, 8001), tcp(82, 8002)]);
  assert.equal(readPublish('80-81'), [tcp(80), tcp(81)]);
  assert.equal(readPublish('0:80'), [tcp(80, 0)]);
  assert.equal(readPublish('8000-8002:80'), [{ ...tcp(80, 8000), lastHostPort: 8002 }]);
  assert.equal(readPublish('[::]::80/TCP'), [tcp(80, undefined, '::')]);
  assert.equal(readPublish('published=53,target=53,protocol=udp'), readPublish('53:53/udp'));
  assert.equal(readPublish('target=80'), [tcp(80)]);
  const wrong: [string, RegExp][] = [
    ['99999:80', /^invalid hostPort: 99999/],
    ['80:0', /^invalid containerPort: 0/],
    ['::1:8080:80', /^invalid IP address: ::1 \(write it in brackets: \[::1\]\)$/],
    ['[::1:8080:80', /^invalid IP address: \[::1/],
    ['published=80', /^no port specified/],
    ['foo=1', /^invalid field foo=1$/],
    ['abc', /^invalid containerPort: abc/],
    ['80:65536', /^invalid containerPort: 65536/],
    ['8000-8002:80-81', /^invalid ranges specified for container and host Ports: 80-81 and 8000-8002$/],
    ['82-80', /runs backwards/],
    ['80/sctp', /^invalid proto: sctp$/],
    ['80/', /^invalid proto: $/],
    ['1.2.3:80:80', /^invalid IP address: 1.2.3$/],
    ['8080:', /^no port specified/],
    ['', /^no port specified/],
    ['-80', /^invalid containerPort/],
  ];
  for (const [given, reason] of wrong)
    assert.throws(
      () => readPublish(given),
      (error: Error) => reason.test(error.message),
      given,
    );
});

test('volumes', () => {
  assert.equal(readVolume('/opt/data:/data'), { source: '/opt/data', destination: '/data', readonly: false });
  assert.equal(readVolume('/opt:/data/:ro'), { source: '/opt', destination: '/data', mode: 'ro', readonly: true });
  assert.equal(readVolume('db:/var/lib/mysql:rw'), {
    source: 'db',
    destination: '/var/lib/mysql',
    mode: 'rw',
    readonly: false,
  });
  assert.equal(readVolume('/var/lib/mysql'), { destination: '/var/lib/mysql', readonly: false });
  assert.equal(readVolume('/opt:/data:Z,ro,rslave,cached'), {
    source: '/opt',
    destination: '/data',
    mode: 'Z,ro,rslave,cached',
    readonly: true,
    propagation: 'rslave',
  });
  assert.equal(readVolume('/opt:/data:'), { source: '/opt', destination: '/data', mode: '', readonly: false });
  assert.equal(readVolume('db:/data:nocopy').noCopy, true);
  const wrong: [string, RegExp][] = [
    ['./x:/y', /'\.\/x' includes invalid characters/],
    ['../x:/y', /includes invalid characters/],
    ['x/y:/z', /includes invalid characters/],
    ['x:/y', /too short/],
    ['a:b:c:d', /^invalid volume specification: 'a:b:c:d'$/],
    [':/y', /^invalid volume specification/],
    ['/a:', /^invalid volume specification/],
    ['/a:b', /^invalid mount path: 'b'/],
    ['b', /^invalid mount path: 'b'/],
    ['/a:/b:foo', /^invalid mode: foo/],
    ['/a:/b:ro,rw', /^invalid mode: ro,rw/],
    ['/a:/b:ro,', /^invalid mode: ro,/],
    ['/a:/b:ro,nocopy', /nocopy is for volumes/],
    ['db:/b:rslave', /rslave is for paths of the host/],
    ['/a:/', /destination can't be '\/'/],
    ['/a:/b/..', /destination can't be '\/'/],
  ];
  for (const [given, reason] of wrong)
    assert.throws(
      () => readVolume(given),
      (error: Error) => reason.test(error.message),
      given,
    );
});

test('environment: files first, bare names from our own', () => {
  const directory = mkdtempSync(join(tmpdir(), 'minidock-env-'));
  try {
    const file = join(directory, 'env');
    writeFileSync(file, '\uFEFF# note\n\nA=1\r\n  B= two # x\nHOME\nUNSET\nQ="q"\n');
    const collected = collectEnvironment([file], ['C=3', 'HOME', 'E='], { HOME: '/root' });
    assert.equal(collected, ['A=1', 'B= two # x', 'HOME=/root', 'Q="q"', 'C=3', 'HOME=/root', 'E=']);
    writeFileSync(file, 'A B=1\n');
    assert.equal(collectEnvironment([], ['GONE', 'HOME'], { HOME: '/' }), ['GONE', 'HOME=/']);
    assert.throws(() => collectEnvironment([file], [], {}), /variable 'A B' contains whitespaces/);
    writeFileSync(file, '=1\n');
    assert.throws(() => collectEnvironment([file], [], {}), /no variable name/);
    assert.throws(() => collectEnvironment([join(directory, 'none')], [], {}), /none: no such file or directory/);
    assert.throws(() => collectEnvironment([directory], [], {}), /is a directory/);
    writeFileSync(file, Buffer.from('A=1\nB=\xff\n', 'latin1'));
    assert.throws(() => collectEnvironment([file], [], {}), /env file .* contains invalid utf8 bytes at line 2$/);
    // The sign for bytes that are none is text as any other.
    writeFileSync(file, 'A=\uFFFD\n');
    assert.equal(collectEnvironment([file], [], {}), ['A=\uFFFD']);
  } finally {
    rmSync(directory, { recursive: true });
  }
  assert.throws(() => readVariable('=x'), /invalid environment variable: =x/);
});

test('limits', () => {
  assert.is(readBytes('500m'), 524288000);
  assert.is(readBytes('0'), 0);
  assert.is(readCpus('.5'), 0.5);
  assert.is(readCpus('1'), 1);
  assert.is(readCpus('3/2'), 1.5);
  for (const wrong of ['x', '', '1/0', '0.0000000001']) assert.throws(() => readCpus(wrong));
});

test('MAC addresses in each of their forms', () => {
  for (const given of ['02:42:AC:11:00:02', '02-42-ac-11-00-02', '0242.ac11.0002'])
    assert.is(readMac(given), '02:42:ac:11:00:02');
  for (const wrong of ['', '02:42:ac:11:00', '0242.ac11', '0242ac110002']) assert.throws(() => readMac(wrong));
});

test('whole numbers as Go reads them', () => {
  const read = (given: string) => integer('').read(given, undefined);
  for (const [given, value] of [
    ['16', 16],
    ['0x10', 16],
    ['0o20', 16],
    ['020', 16],
    ['-0b1_0000', -16],
    ['1_000', 1000],
    ['0', 0],
    ['-1', -1],
  ] as const)
    assert.is(read(given), value, given);
  for (const wrong of ['', 'x', '0x', '08', '1__0', '_1', '1_', '1.5', ' 1', '9007199254740993'])
    assert.throws(() => read(wrong), /must be a whole number/, wrong);
});

test('detach keys', () => {
  assert.equal(readDetachKeys('ctrl-p,ctrl-q'), [16, 17]);
  assert.equal(readDetachKeys('a,ctrl-\\,ctrl-@'), [97, 28, 0]);
  assert.throws(() => readDetachKeys('ctrl-1'), /invalid detach keys/);
  assert.throws(() => readDetachKeys(''), /invalid detach keys/);
});

test('a whole run command', () => {
  const line =
    '--name web -itd -p8080:80 -e A=b -v /opt:/data:ro -m 500m --cpus 1 --net=none --rm nginx:alpine sh -c ls';
  const { flags, operands } = parse(
    { ...containerFlags, detach: { ...containerFlags.rm, short: 'd' } },
    line.split(' '),
    true,
  );
  assert.equal(toRunOptions(flags, operands, {}, flags.detach), {
    image: 'nginx:alpine',
    command: ['sh', '-c', 'ls'],
    name: 'web',
    hostname: undefined,
    entrypoint: undefined,
    env: ['A=b'],
    workdir: undefined,
    user: undefined,
    tty: true,
    interactive: true,
    attach: { stdin: false, stdout: false, stderr: false },
    autoRemove: true,
    ports: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
    volumes: [{ source: '/opt', destination: '/data', mode: 'ro', readonly: true }],
    network: 'none',
    memory: 524288000,
    cpus: 1,
  });
});

test.run();
