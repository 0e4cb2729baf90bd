import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { widthOf } from '../../syscalls/text/columns.ts';
import type { Xray } from '../model.ts';
import type { Interface } from '../network-model.ts';
import { Canvas } from './picture/canvas.ts';
import { draw, xrayPicture } from './picture/picture.ts';
import { xrayText } from './text/text.ts';

const id = '42fe6438fd4b'.padEnd(64, '0');
const long = 'a-name-that-is-longer-than-any-box-can-hold-'.repeat(4);
const of = (type: string, host = false) => ({ type, inode: 4026532000 + type.length, host, sharedWith: [] });

/** A container with so many of everything, and names as long as they get. */
function sample(count: number, name = 'web'): Xray {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const cable = (i: number): Interface => ({
    name: `eth${i}`,
    index: 2 + i,
    link: 100 + i,
    kind: 'veth',
    mac: '02:42:ac:12:00:02',
    mtu: 1500,
    state: 'up',
    addresses: ['172.18.0.2/16', 'fe80::42:acff:fe12:2/64'],
    peer: { name: `veth${i}`, index: 100 + i, link: 2 + i, state: 'up', bridge: `br${i}` },
  });
  return {
    format: 1,
    container: { id, name, image: name, state: 'running', pid: 4711 },
    processes: [
      { pid: 4700, parent: 1, uid: 0, state: 'S', command: 'minidock-shim', threads: 1, role: 'outside' },
      ...numbers.map(i => ({
        pid: 4711 + i,
        inside: i + 1,
        parent: 4710 + i,
        uid: 0,
        state: 'S',
        command: `${name} <&> "${i}"`,
        threads: 1,
        role: 'container' as const,
      })),
    ],
    namespaces: [of('net'), of('pid'), of('mnt'), of('uts'), of('ipc'), of('user', true)],
    cgroups: [
      {
        version: 1,
        controllers: ['memory'],
        path: `/minidock/${id}`,
        directory: `/sys/fs/cgroup/memory/minidock/${id}`,
        settings: [
          {
            what: 'memory',
            file: `/sys/fs/cgroup/memory/minidock/${id}/memory.limit_in_bytes`,
            value: '67108864',
            amount: 67108864,
            kind: 'limit',
          },
        ],
      },
    ],
    rights: {
      uid: [0, 0, 0, 0],
      gid: [0, 0, 0, 0],
      groups: [0],
      capabilities: { effective: ['CAP_KILL'], permitted: [], bounding: ['CAP_KILL'], inheritable: [], ambient: [] },
      seccomp: 'filter',
      noNewPrivs: false,
      uidMap: ['0 0 4294967295'],
      oomScoreAdj: 0,
    },
    limits: [{ name: 'open files', soft: '1024', hard: 'unlimited', unit: 'files' }],
    layers: {
      type: 'overlay',
      lower: numbers.map(i => ({
        directory: `/l/${i}`,
        diffId: `sha256:${String(i).padStart(64, 'a')}`,
        bytes: 2 ** (10 + i),
      })),
      upper: { directory: `/c/${id}/upper`, bytes: 6 },
      work: { directory: `/c/${id}/work` },
    },
    mounts: numbers.map(i => ({
      id: String(i),
      parent: '1',
      target: `/${name}/${i}`,
      type: 'ext4',
      source: '/dev/sda',
      root: `/${i}`,
      hostPath: `/srv/${name}/${i}`,
      options: 'ro',
      propagation: 'private',
    })),
    network: {
      inode: 4026532003,
      host: false,
      interfaces: [
        { name: 'lo', index: 1, mtu: 65536, state: 'unknown', addresses: ['127.0.0.1/8'] },
        ...numbers.map(cable),
      ],
      routes: [
        {
          target: 'default',
          family: 4,
          gateway: '172.18.0.1',
          device: 'eth0',
          scope: 'global',
          table: 'main',
          type: 'unicast',
        },
      ],
      neighbours: [{ address: '172.18.0.1', mac: '02:42:ac:12:00:01', device: 'eth0', state: 'stale' }],
      bridges: numbers.map(i => ({
        name: `br${i}`,
        index: 50 + i,
        state: 'up',
        addresses: ['172.18.0.1/16', 'fe80::42:acff:fe12:1/64'],
        ports: [`veth${i}`],
        macs: [{ mac: '02:42:ac:12:00:02', port: `veth${i}`, local: false, state: 'reachable' }],
        otherMacs: 3,
      })),
    },
    rules: {
      forwarding: true,
      rules: [
        {
          family: 4,
          table: 'nat',
          chain: 'POSTROUTING',
          rule: '-s 172.18.0.0/16 ! -o br0 -j MASQUERADE',
          packets: 7,
          bytes: 420,
        },
      ],
      policies: [{ family: 4, table: 'filter', chain: 'FORWARD', policy: 'DROP', packets: 0, bytes: 0 }],
    },
    sockets: {
      listening: numbers.map(i => ({ protocol: 'tcp', address: '0.0.0.0', port: 80 + i, pid: 4711, command: name })),
      published: numbers.map(i => ({
        protocol: 'tcp',
        hostAddress: '0.0.0.0',
        hostPort: 9000 - i,
        address: '172.18.0.2',
        port: 80 + i,
        packets: i,
        bytes: 60 * i,
      })),
      held: [{ protocol: 'tcp6', address: '::1', port: 7000 }],
    },
    differences: numbers.map(i => ({ what: `fact ${i}`, kernel: name, record: long })),
  };
}

const cases: [string, Xray][] = [
  ['one of each', sample(1)],
  ['two ports and networks', sample(2)],
  ['twenty of each, long names', sample(20, long)],
  ['none', sample(0)],
  ['in the network of the host', { ...sample(3), network: { ...sample(3).network!, host: true, bridges: [] } }],
  [
    'stopped',
    {
      format: 1,
      container: { id, name: long, image: 'a', state: 'exited', exitCode: 1 },
      layers: sample(9).layers!,
      differences: [],
    },
  ],
];

for (const [name, xray] of cases)
  test(`the picture of ${name}: no text covers another or leaves the picture, in both languages`, () => {
    for (const language of ['en', 'zh'] as const) {
      const canvas = new Canvas();
      const height = draw(canvas, xray, language);
      const texts = canvas.placed;
      for (const [i, a] of texts.entries()) {
        assert.ok(a.x >= 0 && a.x + a.w <= 1600 && a.y >= 0 && a.y + a.h <= height, `outside: ${a.text}`);
        for (const b of texts.slice(i + 1)) {
          const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y + 3 || b.y + b.h <= a.y + 3;
          assert.ok(apart, `${language}: "${a.text}" and "${b.text}"`);
        }
      }
    }
  });

test('the picture spells out what XML would read, and needs nothing from elsewhere', () => {
  const svg = xrayPicture(sample(2, '<script>&"'), 'en');
  assert.not.match(svg, /<script>/);
  assert.match(svg, /&lt;script&gt;&amp;/);
  assert.not.match(svg, /href|url\(|@import|src=/);
  assert.equal(svg.match(/https?:[^"]*/g), ['http://www.w3.org/2000/svg']);
  assert.match(svg, /prefers-color-scheme: dark/);
});

test('a control sequence in a name does not reach the picture', () => {
  assert.not.match(xrayPicture(sample(1, 'a\x1b[31m\u202eb'), 'en'), /[\x1b\u202e]/);
});

test('the text fits its columns, coloured only where asked for', () => {
  for (const [, xray] of cases)
    for (const language of ['en', 'zh'] as const)
      for (const width of [60, 80, 120]) {
        const text = xrayText(xray, { language, width, colours: false });
        for (const line of text.split('\n')) assert.ok(widthOf(line) <= width, line);
      }
  assert.not.match(xrayText(sample(1), { language: 'en', width: 80, colours: false }), /\x1b/);
  assert.match(xrayText(sample(1), { language: 'en', width: 80, colours: true }), /\x1b\[1;36mProcesses/);
});

test.run();
