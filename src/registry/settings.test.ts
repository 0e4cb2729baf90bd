import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findCredentials } from './auth/credentials.ts';
import { readDaemonConfig } from './daemon-config.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-settings-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

function file(content: unknown): string {
  const name = path.join(folder, 'config.json');
  fs.writeFileSync(name, typeof content === 'string' ? content : JSON.stringify(content));
  return name;
}

test('daemon.json: mirrors and insecure registries, beside what others read', () => {
  const config = readDaemonConfig({
    daemonConfig: file({
      'registry-mirrors': ['https://m.example'],
      'insecure-registries': ['http://r:5000', '10.0.0.0/8'],
      bip: '10.0.0.1/24',
    }),
  });
  assert.equal(config.registryMirrors.map(String), ['https://m.example/']);
  assert.equal(config.insecureRegistries, ['r:5000', '10.0.0.0/8']);
  const none = { registryMirrors: [], insecureRegistries: [] };
  assert.equal(readDaemonConfig({ daemonConfig: path.join(folder, 'missing') }), none);
  assert.equal(readDaemonConfig({ daemonConfig: file('') }), none);
});

test('flags come before the file, and add to it', () => {
  const daemonConfig = file({ 'registry-mirrors': ['https://m.example'], 'insecure-registries': ['r:5000'] });
  const flags = { registryMirrors: ['http://first:5000'], insecureRegistries: ['https://lab:5000'] };
  const config = readDaemonConfig({ daemonConfig, ...flags });
  assert.equal(config.registryMirrors.map(String), ['http://first:5000/', 'https://m.example/']);
  assert.equal(config.insecureRegistries, ['lab:5000', 'r:5000']);
  assert.throws(
    () => readDaemonConfig({ daemonConfig, registryMirrors: ['lab:5000'] }),
    /^unable to use --registry-mirror: mirror "lab:5000" is no http:\/\/ or https:\/\/ URL$/,
  );
});

for (const [content, message] of [
  ['{', /unable to use the configuration file .*config\.json: /],
  ['[]', /no JSON object/],
  [{ 'registry-mirrors': 'https://m' }, /"registry-mirrors" is a text, not a list of texts/],
  [{ 'registry-mirrors': ['m.example'] }, /mirror "m\.example" is no http:\/\/ or https:\/\/ URL/],
  [{ 'registry-mirrors': ['ftp://m'] }, /mirror "ftp:\/\/m" is no/],
  [{ 'registry-mirrors': ['https://me:secret@m'] }, /mirror "m" holds more than/],
  [{ 'registry-mirrors': ['https://m/?secret'] }, /mirror "m" holds more than/],
  [{ 'registry-mirrors': ['https://m/#secret'] }, /mirror "m" holds more than/],
  [{ 'insecure-registries': [5000] }, /"insecure-registries" is a list, not a list of texts/],
] as const) {
  test(`daemon.json: ${JSON.stringify(content)} is refused`, () => {
    assert.throws(
      () => readDaemonConfig({ daemonConfig: file(content) }),
      (error: Error) => message.test(error.message) && !/secret/.test(error.message),
    );
  });
}

const auth = Buffer.from('me:se:cret').toString('base64');
const me = { username: 'me', password: 'se:cret' };

test('credentials by host, and Docker Hub’s by its old address', async () => {
  const config = file({
    auths: {
      'r.example:5000': { auth },
      'https://index.docker.io/v1/': { auth },
      'https://old.example/v2/': { auth },
      padded: { auth: Buffer.from('me:se:cret\0\0').toString('base64') },
      plain: me,
      token: { auth, identitytoken: 'refresh' },
      empty: {},
    },
  });
  for (const host of ['r.example:5000', 'docker.io', 'old.example', 'padded', 'plain'])
    assert.equal(await findCredentials(host, config), me, host);
  assert.equal(await findCredentials('token', config), { ...me, identityToken: 'refresh' });
  for (const host of ['r.example', 'r.example:5001', 'example:5000', 'empty']) {
    assert.is(await findCredentials(host, config), undefined, host);
  }
  assert.is(await findCredentials('r', path.join(folder, 'missing')), undefined);
});

test('credentials that cannot be read are an error without their content', async () => {
  test('flags come before the file, and add to it', () => {
    const daemonConfig = file({ 'registry-mirrors': ['https://m.example'], 'insecure-registries': ['r:5000'] });
    const flags = { registryMirrors: ['http://first:5000'], insecureRegistries: ['https://lab:5000'] };
    const config = readDaemonConfig({ daemonConfig, ...flags });
    assert.equal(config.registryMirrors.map(String), ['http://first:5000/', 'https://m.example/']);
    assert.equal(config.insecureRegistries, ['lab:5000', 'r:5000']);
    assert.throws(
      () => readDaemonConfig({ daemonConfig, registryMirrors: ['lab:5000'] }),
      /^unable to use --registry-mirror: mirror "lab:5000" is no http:\/\/ or https:\/\/ URL$/,
    );
  });

  for (const [content, message] of [
    ['{"auths": secret', /is not valid JSON$/],
    ['["secret"]', /is no JSON object$/],
    [{ auths: ['secret'] }, /"auths" in .* is not an object of objects$/],
    [{ credsStore: { secret: 1 } }, /"credsStore" in .* is not a text$/],
    [{ credsStore: '../secret' }, /credential helper "..\/secret" is no name of a program$/],
    [{ auths: { r: { auth: Buffer.from('secret').toString('base64') } } }, /not "user:password" in base64/],
  ] as const) {
    const error = await findCredentials('r', file(content)).catch(error => error);
    assert.match(error.message, message);
    if (!/helper/.test(error.message)) assert.not.match(error.message, /secret/);
  }
});

test.run();
