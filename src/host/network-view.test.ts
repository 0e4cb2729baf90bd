import os from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { networkOf } from './network-view.ts';

test('our own network: the names and addresses of network cards are those that Node finds', () => {
  // Bridges and cables of other tests come and go.
  const cards = Object.entries(os.networkInterfaces()).filter(([name]) => /^e(th|n)[^:]*$/.test(name));
  const { links, addresses, routes } = networkOf(process.pid);
  for (const [name, all = []] of cards) {
    assert.ok(links.includes(name), name);
    for (const { address, family } of all) if (family === 'IPv4') assert.ok(addresses.includes(address), address);
  }
  assert.ok(links.includes('lo') && !addresses.some(address => address.startsWith('127.')));
  for (const route of routes) assert.match(route, /^(default|[\d.]+\/\d+) (via [\d.]+|\S+)$/);
});

test.run();
