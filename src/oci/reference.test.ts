import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../errors.ts';
import { canonical, familiar, parseReference } from './reference.ts';

const hex = 'a'.repeat(64);

const valid: [typed: string, canonical: string, familiar: string][] = [
  ['nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['nginx:alpine', 'docker.io/library/nginx:alpine', 'nginx:alpine'],
  ['library/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['docker.io/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['index.docker.io/library/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['bitnami/redis:7', 'docker.io/bitnami/redis:7', 'bitnami/redis:7'],
  ['docker.io/a/b/c', 'docker.io/a/b/c:latest', 'a/b/c:latest'],
  ['library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
  ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
  ['localhost:5000/app', 'localhost:5000/app:latest', 'localhost:5000/app:latest'],
  ['host:5000', 'docker.io/library/host:5000', 'host:5000'],
  ['Registry/app', 'Registry/app:latest', 'Registry/app:latest'],
  ['r.example.org:443/a/b:T_1.x-y', 'r.example.org:443/a/b:T_1.x-y', 'r.example.org:443/a/b:T_1.x-y'],
  ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
  [`nginx@sha256:${hex}`, `docker.io/library/nginx@sha256:${hex}`, `nginx@sha256:${hex}`],
  [`nginx:1@sha256:${hex}`, `docker.io/library/nginx:1@sha256:${hex}`, `nginx:1@sha256:${hex}`],
  ['a__b/c-----d/e.f', 'docker.io/a__b/c-----d/e.f:latest', 'a__b/c-----d/e.f:latest'],
  [`x:${'t'.repeat(128)}`, `docker.io/library/x:${'t'.repeat(128)}`, `x:${'t'.repeat(128)}`],
];

for (const [typed, whole, short] of valid) {
  test(`${typed} is ${whole}`, () => {
    const reference = parseReference(typed);
    assert.is(canonical(reference), whole);
    assert.is(familiar(reference), short);
    assert.equal(parseReference(familiar(reference)), reference);
  });
}

const invalid: [typed: string, message: RegExp][] = [
  ['', /^invalid reference format/],
  ['Foo', /^invalid reference format: repository name \(library\/Foo\) must be lowercase/],
  ['localhost:5000/Foo', /^invalid reference format: repository name \(Foo\) must be lowercase/],
  [hex, /cannot specify 64-byte hexadecimal strings/],
  ['a:b:c', /^invalid reference format/],
  ['a:', /^invalid reference format/],
  [':a', /^invalid reference format/],
  ['a//b', /^invalid reference format/],
  ['a/', /^invalid reference format/],
  ['/a', /^invalid reference format/],
  ['../a', /^invalid reference format/],
  ['a/../b', /^invalid reference format/],
  ['-a', /^invalid reference format/],
  ['a___b', /^invalid reference format/],
  ['a..b', /^invalid reference format/],
  ['a b', /^invalid reference format/],
  ['a\n', /^invalid reference format/],
  ['https://example.org/a', /^invalid reference format/],
  ['localhost:/a', /^invalid reference format/],
  [`x:${'t'.repeat(129)}`, /^invalid reference format/],
  [`x/${'t'.repeat(254)}`, /must not be more than 255 characters/],
  ['a@sha256:abc', /^invalid reference format/],
  [`a@sha256:${hex.toUpperCase()}`, /^invalid reference format/],
  [`a@sha256:${hex}0`, /64 lower-case hexadecimal digits/],
  [`a@md5:${'0'.repeat(32)}`, /unsupported digest algorithm "md5"/],
];

for (const [typed, message] of invalid) {
  test(`${JSON.stringify(typed)} is refused`, () => {
    assert.throws(
      () => parseReference(typed),
      (error: unknown) =>
        error instanceof MinidockError && error.code === 'invalid-reference' && message.test(error.message),
    );
  });
}

test.run();
