import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseReference } from '../oci/reference.ts';
import { endpointsOf } from './endpoints.ts';

const bases = async (name: string, insecureRegistries: string[] = [], mirrors: string[] = []): Promise<string[]> => {
  const config = { insecureRegistries, registryMirrors: mirrors.map(text => new URL(text)) };
  return (await endpointsOf(parseReference(name), config)).map(({ base, insecure }) =>
    insecure ? `${base} insecure` : base,
  );
};

test('Docker Hub: mirrors first, then itself', async () => {
  assert.equal(await bases('nginx'), ['https://registry-1.docker.io']);
  assert.equal(await bases('nginx', [], ['https://m.example/hub/', 'http://10.0.0.1:5000']), [
    'https://m.example/hub',
    'http://10.0.0.1:5000 insecure',
    'https://registry-1.docker.io',
  ]);
  const [mirror] = await bases('nginx', ['m.example'], ['https://m.example']);
  assert.is(mirror, 'https://m.example insecure');
});

test('mirrors are not for other registries', async () => {
  assert.equal(await bases('203.0.113.1/app', [], ['https://m.example']), ['https://203.0.113.1']);
});

test('plain http only for loopback and what was declared insecure', async () => {
  const both = (host: string) => [`https://${host} insecure`, `http://${host} insecure`];
  for (const host of ['localhost:5000', '127.0.0.1:5000', '127.9.9.9', '[::1]:5000']) {
    assert.equal(await bases(`${host}/app`), both(host), host);
  }
  for (const host of ['203.0.113.1:5000', '126.0.0.1', '128.0.0.1', '[::2]:5000']) {
    assert.equal(await bases(`${host}/app`), [`https://${host}`], host);
  }
  assert.equal(await bases('203.0.113.1:5000/app', ['203.0.113.1']), both('203.0.113.1:5000'));
  assert.equal(await bases('203.0.113.1:5000/app', ['203.0.113.1:5000']), both('203.0.113.1:5000'));
  assert.equal(await bases('203.0.113.1:5000/app', ['203.0.113.0/24']), both('203.0.113.1:5000'));
  const others = ['203.0.113.1:5001', '10.0.0.0/8', '203.0.113.0/99', 'nonsense/99'];
  assert.equal(await bases('203.0.113.1:5000/app', others), ['https://203.0.113.1:5000']);
});

test('a name is what its addresses are', async () => {
  const { lookup } = dns;
  const resolving = async (addresses: string[]) => {
    dns.lookup = (async () => addresses.map(address => ({ address }))) as unknown as typeof lookup;
    syncBuiltinESMExports();
    return (await bases('r.example/app', ['10.0.0.0/8'])).length;
  };
  try {
    const found = [
      await resolving(['203.0.113.1', '127.0.0.1']),
      await resolving(['10.1.2.3']),
      await resolving(['::2']),
    ];
    assert.equal(found, [2, 2, 1]);
  } finally {
    dns.lookup = lookup;
    syncBuiltinESMExports();
  }
});

test.run();
