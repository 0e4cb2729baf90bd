import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { registryHost } from '../registry/auth/login.ts';
import { hostPlatform, parsePlatform, printPlatform } from './platform.ts';

for (const [text, wanted] of [
  ['linux/arm64', 'linux/arm64'],
  ['linux/arm/v7', 'linux/arm/v7'],
  ['linux/aarch64', 'linux/arm64'],
  ['Linux/X86_64', 'linux/amd64'],
  ['armhf', 'linux/arm/v7'],
  ['arm64', 'linux/arm64'],
  ['windows/amd64', 'windows/amd64'],
  ['linux', printPlatform(hostPlatform())],
] as const) {
  test(`platform ${text}`, () => assert.is(printPlatform(parsePlatform(text)), wanted));
}

for (const [text, message] of [
  ['a/b/c/d', '"a/b/c/d": cannot parse platform specifier: invalid argument'],
  ['linux/', '"linux/": cannot parse platform specifier: invalid argument'],
  ['foo', '"foo": unknown operating system or architecture: invalid argument'],
] as const) {
  test(`platform ${text} is refused in Docker's words`, () =>
    assert.throws(
      () => parsePlatform(text),
      (error: Error) => error.message === message,
    ));
}

test('the registry of a login, as people write it', () => {
  assert.is(registryHost(undefined), 'docker.io');
  assert.is(registryHost('https://index.docker.io/v1/'), 'docker.io');
  assert.is(registryHost('http://localhost:5000/'), 'localhost:5000');
  assert.is(registryHost('[::1]:5000'), '[::1]:5000');
  for (const server of ['', 'a b', 'user@host', '../x']) assert.throws(() => registryHost(server), /is no HOST/);
});

test.run();
