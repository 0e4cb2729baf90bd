import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseChallenges } from './auth.ts';

const cases: [header: string, expected: object[]][] = [
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"',
    [
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/nginx:pull',
        },
      },
    ],
  ],
  ['Basic realm="Registry Realm"', [{ scheme: 'basic', parameters: { realm: 'Registry Realm' } }]],
  ['bearer REALM=x', [{ scheme: 'bearer', parameters: { realm: 'x' } }]],
  [
    'Basic realm="a, b=\\"c\\"", Bearer realm="https://t",scope="a:b:pull,push"',
    [
      { scheme: 'basic', parameters: { realm: 'a, b="c"' } },
      { scheme: 'bearer', parameters: { realm: 'https://t', scope: 'a:b:pull,push' } },
    ],
  ],
  ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
  ['', []],
  ['"', []],
];

for (const [header, expected] of cases) {
  test(header || 'an empty header', () => {
    assert.equal(parseChallenges(header), expected);
  });
}

test.run();
