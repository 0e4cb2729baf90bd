import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fakeRecord } from '../../cli/testing/fakes.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { containerPaths, type Roots } from '../../state/paths.ts';
import { updateResolverFiles, writeResolverFiles } from './resolver-files.ts';

const test = suite<{ roots: Roots }>('resolver files');
test.before.each(context => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-resolver-files-'));
  context.roots = { root, execRoot: root };
  fs.mkdirSync(containerPaths(context.roots, fakeRecord().id).bundle, { recursive: true });
});
test.after.each(({ roots }) => fs.rmSync(roots.root, { recursive: true }));

const [bridge] = fakeRecord().network.endpoints;
const front = {
  ...bridge!,
  network: 'front',
  networkId: 'f'.repeat(64),
  interface: 'eth1',
  address: '10.9.0.2',
  gateway: '10.9.0.1',
};
const on = (...endpoints: ContainerRecord['network']['endpoints']): ContainerRecord =>
  fakeRecord({
    hostname: 'web',
    options: { ...fakeRecord().options, dns: ['192.0.2.1'], dnsSearch: ['lab.test'], dnsOptions: ['timeout:1'] },
    network: { mode: 'bridge', endpoints, ports: [] },
  });
const lines = (file: string) => fs.readFileSync(file, 'utf8').split('\n');

test('with a network that has names the name server is the host there, and another address is in hosts', ({
  roots,
}) => {
  const { hosts, resolvConf } = containerPaths(roots, on().id);
  writeResolverFiles({ roots }, on(bridge!), ['192.0.2.7\tdb']);
  assert.equal(lines(hosts).slice(6), ['192.0.2.7\tdb', `${bridge!.address}\tweb`, '']);
  assert.equal(lines(resolvConf), ['search lab.test', 'nameserver 192.0.2.1', 'options timeout:1', '']);
  fs.appendFileSync(hosts, '192.0.2.8\tmine\n');
  const { ino } = fs.statSync(hosts);
  updateResolverFiles({ roots }, on(bridge!), on(bridge!, front));
  const all = ['192.0.2.7\tdb', `${bridge!.address}\tweb`, '192.0.2.8\tmine', '10.9.0.2\tweb', ''];
  assert.equal(lines(hosts).slice(6), all);
  assert.equal(lines(resolvConf), ['search lab.test', 'nameserver 10.9.0.1', 'options timeout:1 ndots:0', '']);
  assert.is(fs.statSync(hosts).ino, ino);
  updateResolverFiles({ roots }, on(bridge!, front), on(bridge!));
  assert.equal(
    lines(hosts).slice(6),
    all.filter(line => !line.startsWith('10.9')),
  );
  assert.equal(lines(resolvConf), ['search lab.test', 'nameserver 192.0.2.1', 'options timeout:1', '']);
});

test('a resolv.conf that the container has changed stays', ({ roots }) => {
  const { resolvConf } = containerPaths(roots, on().id);
  writeResolverFiles({ roots }, on(bridge!), []);
  fs.writeFileSync(resolvConf, 'nameserver 192.0.2.9\n');
  updateResolverFiles({ roots }, on(bridge!), on(bridge!, front));
  assert.equal(lines(resolvConf), ['nameserver 192.0.2.9', '']);
});

test.run();
