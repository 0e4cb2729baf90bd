import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Directory, type NamedContainer, type NamedEndpoint } from './directory.ts';

const on = (network: string, address: string, more: Partial<NamedEndpoint> = {}): NamedEndpoint => ({
  network: `id of ${network}`,
  networkName: network,
  address,
  aliases: [],
  links: {},
  ...more,
});
const container = (name: string, digit: string, ...endpoints: NamedEndpoint[]): NamedContainer => ({
  id: digit.repeat(64),
  name,
  hostname: `host-of-${name}`,
  endpoints,
  resolvers: () => [],
  keepsShortNames: false,
});

const containers = [
  container('web', 'a', on('front', '10.1.0.2', { aliases: ['www', 'Shared'] })),
  container('api.v1', 'b', on('front', '10.1.0.3', { aliases: ['shared'] }), on('back.end', '10.2.0.3')),
  container('db', 'c', on('back.end', '10.2.0.2', { aliases: ['web'], links: { store: 'api.v1', web: 'API.v1' } })),
];
const networks = [{ network: 'id of front', networkName: 'front', gateway: '10.1.0.1' }];

const find = (from: string, name: string, runs?: (id: string) => boolean) =>
  new Directory(containers, networks, runs).askerAt(from)?.addressesOf(name);

test('a container answers to its name, its aliases, its hostname and its short id, each with and without the network', () => {
  for (const name of ['web', 'www', 'a'.repeat(12), 'host-of-web', 'web.front', 'www.front'])
    assert.equal(find('10.1.0.3', name), ['10.1.0.2'], name);
  assert.equal(find('10.1.0.2', 'web'), ['10.1.0.2']);
  for (const name of ['nobody', 'web.back', 'front', '.front', 'a'.repeat(64), 'constructor'])
    assert.is(find('10.1.0.2', name), undefined, name);
});

test('dots in names of containers and of networks', () => {
  assert.equal(find('10.1.0.2', 'api.v1'), ['10.1.0.3']);
  assert.equal(find('10.1.0.2', 'api.v1.front'), ['10.1.0.3']);
  assert.equal(find('10.2.0.2', 'api.v1.back.end'), ['10.2.0.3']);
});

test('a shared alias has all addresses; networks do not see into each other', () => {
  assert.equal(find('10.1.0.2', 'shared'), ['10.1.0.2', '10.1.0.3']);
  assert.is(find('10.1.0.2', 'db'), undefined);
  assert.is(find('10.2.0.2', 'www'), undefined);
  assert.equal(find('10.1.0.3', 'db'), ['10.2.0.2']);
});

test('of two networks that know a name the first one answers', () => {
  assert.equal(find('10.2.0.3', 'web'), ['10.1.0.2']);
  assert.equal(find('10.2.0.3', 'web.back.end'), ['10.2.0.2']);
});

test('a link is known to its owner alone, and hides a name', () => {
  assert.equal(find('10.2.0.2', 'store'), ['10.2.0.3']);
  assert.equal(find('10.2.0.2', 'web'), ['10.2.0.3']);
  assert.is(find('10.2.0.3', 'store'), undefined);
  assert.is(
    find('10.2.0.2', 'web', id => !id.startsWith('b')),
    undefined,
  );
});

test('PTR: the name on the network that both are on', () => {
  const asker = new Directory(containers, networks).askerAt('10.1.0.2')!;
  assert.is(asker.nameOf('10.1.0.3'), 'api.v1.front');
  assert.is(asker.nameOf('10.2.0.2'), undefined);
});

test('the host sees a network by its gateway; strangers are nobody', () => {
  assert.equal(find('10.1.0.1', 'web'), ['10.1.0.2']);
  assert.is(find('10.1.0.1', 'db'), undefined);
  assert.is(new Directory(containers, networks).askerAt('10.9.0.1'), undefined);
});

test('of two records with one address that of the container that runs counts', () => {
  const late = container('late', 'd', on('front', '10.1.0.2'));
  for (const all of [
    [...containers, late],
    [late, ...containers],
  ]) {
    const directory = new Directory(all, networks, id => !id.startsWith('a'));
    assert.equal(directory.askerAt('10.1.0.2')?.addressesOf('late'), ['10.1.0.2']);
    assert.is(directory.askerAt('10.1.0.3')?.nameOf('10.1.0.2'), 'late.front');
    assert.is(directory.askerAt('10.1.0.3')?.addressesOf('web.front'), undefined);
  }
});

test('what has ended is no answer, and asks nothing', () => {
  const runs = (id: string) => id.startsWith('b');
  assert.equal(find('10.1.0.3', 'shared', runs), ['10.1.0.3']);
  assert.is(find('10.1.0.3', 'web', runs), undefined);
  assert.is(new Directory(containers, networks, runs).askerAt('10.1.0.2'), undefined);
});

test.run();
