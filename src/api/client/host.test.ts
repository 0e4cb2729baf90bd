import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseHost } from './host.ts';

test('a host is a socket, or a name and a port', () => {
  assert.equal(parseHost('unix:///run/a.sock'), { shown: 'unix:///run/a.sock', socketPath: '/run/a.sock' });
  assert.equal(parseHost('/run/a.sock'), parseHost('unix:///run/a.sock'));
  assert.is((parseHost('unix://') as { socketPath: string }).socketPath, '/run/minidock/minidock.sock');
  assert.equal(parseHost('tcp://box:2375'), { shown: 'tcp://box:2375', name: 'box', port: 2375 });
  assert.equal(parseHost('tcp://[::1]:80'), { shown: 'tcp://[::1]:80', name: '::1', port: 80 });
  const tls = { ca: '/ca.pem' };
  assert.equal(parseHost('tcp://box', tls), { shown: 'tcp://box', name: 'box', port: 2376, tls });
  assert.is((parseHost('tcp://box') as { port: number }).port, 2375);
});

test('what is none is refused in one line that says why', () => {
  const wrong: [string, RegExp][] = [
    ['box:2375', /neither unix:\/\/ nor tcp:\/\//],
    ['ssh://box', /neither/],
    ['', /neither/],
    ['unix://run/a.sock', /begins with a slash/],
    [`unix:///${'a'.repeat(107)}`, /at most 107 bytes/],
    ['tcp://', /write tcp/],
    ['tcp://box:port', /write tcp/],
    ['tcp://box:80/path', /write tcp/],
    ['tcp://user@box', /write tcp/],
  ];
  for (const [given, why] of wrong) assert.throws(() => parseHost(given), why);
});

test.run();
