import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attributesOf, tagOf } from './attributes.ts';
import { completeLogConfig, planOf } from './config.ts';
import { jsonFileForms } from './form.ts';

test('the options of daemon.json are for its own driver, and those of the command line go before', () => {
  const defaults = { driver: 'local', options: { 'max-size': '5m', 'max-file': '7' } };
  assert.equal(completeLogConfig(undefined, {}), { driver: 'json-file', options: {} });
  assert.equal(completeLogConfig(undefined, defaults), defaults);
  assert.equal(completeLogConfig({ driver: '', options: { 'max-file': '2' } }, defaults), {
    driver: 'local',
    options: { 'max-size': '5m', 'max-file': '2' },
  });
  assert.equal(completeLogConfig({ driver: 'json-file', options: {} }, defaults), { driver: 'json-file', options: {} });
  assert.throws(
    () => completeLogConfig(undefined, { options: { foo: '' } }),
    /unknown log opt 'foo' for json-file log driver/,
  );
});

test('when a log is rotated', () => {
  const plan = (driver: string, options = {}) => planOf({ driver, options }).rotation;
  assert.is(plan('json-file'), undefined);
  assert.is(plan('json-file', { 'max-file': '5' }), undefined);
  assert.equal(plan('json-file', { 'max-size': '10k' }), { maxSize: 10_000, maxFiles: 1, compress: false });
  assert.equal(plan('json-file', { 'max-size': '1.5m', 'max-file': '3', compress: 'true' }), {
    maxSize: 1_500_000,
    maxFiles: 3,
    compress: true,
  });
  assert.equal(plan('local'), { maxSize: 20 << 20, maxFiles: 5, compress: true });
  assert.equal(plan('local', { 'max-size': '1k', compress: 'false' }), { maxSize: 1024, maxFiles: 5, compress: false });
  assert.is(plan('none'), undefined);
});

test('drivers that are not here', () => {
  assert.throws(
    () => planOf({ driver: 'journald', options: {} }),
    /log driver "journald" is one of Docker that minidock does not have/,
  );
  assert.throws(
    () => planOf({ driver: 'nope', options: {} }),
    /error looking up logging plugin nope: plugin "nope" not found/,
  );
});

const record = {
  id: '0123456789abcdef'.repeat(4),
  name: 'web',
  image: 'nginx:alpine',
  imageId: `sha256:${'fedcba9876543210'.repeat(4)}`,
  path: 'nginx',
  args: ['-g', 'x'],
  config: { Labels: { tier: 'front<', other: 'x' }, Env: ['A=1=2', 'B', 'AB=é'] },
};

test('attributes, sorted, escaped as Go does it', () => {
  assert.equal(attributesOf(record, {}), {});
  const found = attributesOf(record, {
    labels: 'tier,none',
    env: 'A,B',
    'env-regex': '^AB',
    tag: '{{.Name}}/{{ .ID }}',
  });
  assert.equal(found, { tier: 'front<', A: '1=2', AB: 'é', tag: 'web/0123456789ab' });
  assert.is(
    jsonFileForms(found).stderr,
    '{"log":"\x01","stream":"stderr","attrs":{"A":"1=2","AB":"é","tag":"web/0123456789ab","tier":"front\\u003c"},"time":"\x02"}\n',
  );
  assert.throws(() => attributesOf(record, { 'labels-regex': '[' }), /error parsing regexp/);
  assert.throws(() => jsonFileForms({ long: 'x'.repeat(20_000) }), /have more than 16000 bytes/);
});

test('tags', () => {
  assert.is(tagOf(record, 'x'), 'x');
  assert.is(
    tagOf(record, '{{.ImageName}} {{.ImageID}} {{.Command}} {{.ContainerName}}'),
    'nginx:alpine fedcba987654 nginx -g x /web',
  );
  for (const wrong of ['{{.Foo}}', '{{', '{{range .}}', '{{.constructor}}'])
    assert.throws(() => tagOf(record, wrong), /template: log-tag: /, wrong);
});

test.run();
