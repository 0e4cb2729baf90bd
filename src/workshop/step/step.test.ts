import { Chalk } from 'chalk';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Mount } from '../../host/mountinfo.ts';
import { widthOf } from '../../syscalls/text/columns.ts';
import { drawFigure } from '../figure/terminal.ts';
import { lookFrom } from './beside.ts';
import { changesBetween } from './changes.ts';
import { pictureOf } from './picture.ts';
import type { ProcessState, State } from './state.ts';

const chalk = new Chalk({ level: 0 });
const kinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'];

function mount(id: string, target: string, type: string, parts: Partial<Mount> = {}): Mount {
  return { id, parent: '0', device: `0:${id}`, target, type, source: type, propagation: 'shared:1', ...parts };
}

const parent: ProcessState = {
  pid: 812,
  pids: ['812'],
  name: 'memfd:minidock-',
  namespaces: Object.fromEntries(kinds.map((kind, i) => [kind, `${kind}:[${4026531830 + i}]`])),
  hostname: 'laptop',
  root: { id: '1:2', type: 'ext4' },
  directory: '/',
  mounts: [mount('1', '/', 'ext4'), mount('2', '/proc', 'proc', { parent: '1' })],
  capabilities: (1n << 41n) - 1n,
  noNewPrivs: false,
  seccomp: 0,
  user: '0',
  network: { links: ['lo', 'eth0'], addresses: ['10.0.0.5'], routes: ['default via 10.0.0.1'] },
  cgroups: ['/user.slice'],
};

/** A child in namespaces of its own. */
function child(own: readonly string[], parts: Partial<ProcessState> = {}): ProcessState {
  const namespaces = { ...parent.namespaces };
  for (const kind of own) namespaces[kind] = `${kind}:[4026532999]`;
  return { ...parent, pid: 4711, pids: own.includes('pid') ? ['4711', '1'] : ['4711'], namespaces, ...parts };
}

const texts = (before: State, after: State) => changesBetween(before, after).map(({ text }) => text.en);
const draw = (state: State, before: State, width = 96, language: 'en' | 'zh' = 'en') =>
  drawFigure(pictureOf(state, changesBetween(before, state), 4), language, { width, chalk }).join('\n');

test('clone: a second process, its namespaces and which it shares', () => {
  const after = { parent, child: child(['pid', 'uts']) };
  assert.equal(texts({ parent }, after), [
    'a new process: 4711, 1 inside, a copy of 812',
    'namespaces of its own: pid, uts',
  ]);
  const picture = draw(after, { parent });
  assert.match(picture, /└ 812 +shim, the parent/);
  assert.match(picture, / {2}└ 4711 = 1 +shim ◀/);
  assert.match(picture, /━ own pid ━/);
  assert.match(picture, /╎ cgroup ipc mnt net time user +╎/);
});

test('a hostname in its own namespace; without one it is the host’s that changes', () => {
  const before = { parent, child: child(['uts']) };
  const named = { parent, child: child(['uts'], { hostname: 'container' }) };
  assert.equal(texts(before, named), ['hostname: laptop → container']);
  assert.match(draw(named, before), /hostname +container ◀/);
  assert.match(draw(named, before), /hostname +laptop +│/);
  const all = { parent: { ...parent, hostname: 'container' }, child: child([], { hostname: 'container' }) };
  assert.match(draw(all, { parent, child: child([]) }), /┃ hostname +container ◀/);
});

test('mounts: added, moved, covered, gone, made private', () => {
  const before = { parent, child: child(['mnt']) };
  const private_ = parent.mounts.map(one => ({ ...one, propagation: '' }));
  assert.equal(texts(before, { parent, child: child(['mnt'], { mounts: private_ }) }), [
    'propagation of 2 mounts: shared → private',
  ]);
  const proc = mount('9', '/proc', 'proc', { parent: '2', propagation: '' });
  const covered = { parent, child: child(['mnt'], { mounts: [...parent.mounts, proc] }) };
  assert.equal(texts(before, covered), ['mounted: proc on /proc']);
  assert.match(draw(covered, before), /\/proc {2}proc: the host’s, covered +[│┃]\n.*\/proc {2}proc ◀/);
  assert.equal(texts(covered, before), ['unmounted: proc from /proc']);
  const moved = { parent, child: child(['mnt'], { mounts: [...parent.mounts, { ...proc, target: '/tmp/x' }] }) };
  assert.equal(texts(covered, moved), ['moved: proc from /proc to /tmp/x']);
});

test('rights, links and cgroup are shown once they differ', () => {
  const before = { parent, child: child(['net'], { network: { links: ['lo'], addresses: [], routes: [] } }) };
  const plain = draw(before, before);
  for (const word of ['capabilities', 'seccomp', 'no_new_privs', 'cgroup ']) assert.not.match(plain, `${word}  `);
  const after = {
    parent,
    child: child(['net'], {
      network: { links: ['lo', 'eth0'], addresses: ['172.18.0.2'], routes: ['172.18.0.0/16 eth0'] },
      capabilities: 0xa80425fbn,
      noNewPrivs: true,
      seccomp: 2,
      cgroups: ['/minidock/c0ffee'],
    }),
  };
  assert.equal(texts(before, after), [
    'capabilities: 41 → 14',
    'no_new_privs: 0 → 1',
    'seccomp: none → filter',
    'network interfaces: lo → lo eth0',
    'addresses: – → 172.18.0.2',
    'routes: – → 172.18.0.0/16 eth0',
    'cgroup: /user.slice → /minidock/c0ffee',
  ]);
  const picture = draw(after, before);
  assert.match(picture, /capabilities +14 ◀/);
  assert.match(picture, /seccomp +filter ◀/);
  assert.match(picture, /links +lo eth0 ◀/);
  assert.match(picture, /routes +172\.18\.0\.0\/16 eth0 ◀/);
  assert.match(picture, /cgroup +\/minidock\/c0ffee ◀/);
});

test('the command for a second terminal looks at what changed', () => {
  const before = { parent, child: child(['uts', 'mnt']) };
  const look = (parts: Partial<ProcessState>) =>
    lookFrom(4711, changesBetween(before, { parent, child: child(['uts', 'mnt'], parts) }));
  assert.is(look({ hostname: 'x' }), 'sudo nsenter -t 4711 -u hostname');
  assert.is(look({ mounts: [] }), 'sudo cat /proc/4711/mountinfo');
  assert.is(look({ seccomp: 2 }), "grep -E '^(Cap|NoNew|Sec|Uid)' /proc/4711/status");
  assert.is(lookFrom(4711, changesBetween({ parent }, before)), 'sudo ls -l /proc/4711/ns');
});

test('the picture fits 40, 80 and 100 columns in both languages; at 80 it takes at most 14 lines', () => {
  const root = mount('7', '/', 'overlay', { propagation: '' });
  const state = {
    parent,
    child: child(['mnt', 'pid', 'uts'], {
      hostname: 'container',
      directory: '/tmp/minidock-lesson-1-abc/rootfs',
      mounts: [{ ...parent.mounts[0]!, parent: '7', propagation: '' }, root],
    }),
  };
  for (const language of ['en', 'zh'] as const)
    for (const width of [36, 76, 96])
      for (const line of draw(state, { parent }, width, language).split('\n')) assert.ok(widthOf(line) <= width, line);
  assert.ok(draw(state, { parent }, 76).split('\n').length <= 14, draw(state, { parent }, 76));
});

test.run();
