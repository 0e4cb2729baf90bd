import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MinidockError } from '../../errors.ts';
import { parseReference } from '../../oci/reference.ts';
import type { Endpoint } from '../endpoints.ts';
import { explainConnection, explainPull, explainPush } from './errors.ts';

const unreachable = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
const hub = { base: 'https://registry-1.docker.io/v2/', credentialHost: 'docker.io' } as Endpoint;

test('where Docker Hub is out of reach a mirror is named for a pull alone: none takes a push', () => {
  const fixOf = (error: unknown) => (error as MinidockError).fix ?? '';
  assert.match(fixOf(explainPull(unreachable, parseReference('busybox'), hub)), /or name a mirror/);
  const pushed = fixOf(explainPush(unreachable, parseReference('busybox'), hub));
  assert.is(pushed, 'check the network and the proxy');
  assert.is(fixOf(explainConnection(unreachable, 'log in', 'registry-1.docker.io')), 'check the network and the proxy');
});

test.run();
