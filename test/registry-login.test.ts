import { spawnSync } from 'node:child_process';
import { createSign, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath, type Sandbox, sandbox } from './support/minidock.ts';
import { freePort, type Registry, registry } from './support/registry.ts';
import { requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

const test = requires('root', 'docker-registry', 'openssl');
const servers: http.Server[] = [];
test.after(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});

/** An engine with an image `app:1` and a Docker configuration of its own. */
async function prepared(
  config: Record<string, unknown> = {},
): Promise<{ box: Sandbox; env: Record<string, string>; docker: string }> {
  const box = sandbox(config);
  const docker = path.join(box.folder, 'docker');
  await box.ok(['import', (await busyboxImage()).rootfs, 'app:1']);
  return { box, docker: path.join(docker, 'config.json'), env: { DOCKER_CONFIG: docker } };
}

async function withPassword(): Promise<Registry> {
  const hash = spawnSync('perl', ['-e', 'print crypt("secret", "\\$2y\\$05\\$abcdefghijklmnopqrstuu")'], {
    encoding: 'utf8',
  });
  const file = path.join(temporaryFolder('auth'), 'htpasswd');
  fs.writeFileSync(file, `student:${hash.stdout}\n`);
  return registry({ auth: { htpasswd: { realm: 'test', path: file } } });
}

test('login, push, pull, logout; other keys of the file stay, and only its owner reads it', async () => {
  const server = await withPassword();
  const { box, env, docker } = await prepared();
  fs.mkdirSync(path.dirname(docker));
  fs.writeFileSync(docker, '{"psFormat": "x", "auths": {"other": {"auth": "YTpi"}}}', { mode: 0o644 });
  const login = (password: string) =>
    box.minidock(['login', '-u', 'student', '--password-stdin', server.host], {
      env,
      input: `${password}\n`,
      stdin: undefined,
    });
  await box.ok(['tag', 'app:1', `${server.host}/app:1`]);
  assert.match(
    String((await box.minidock(['push', `${server.host}/app:1`], { env })).stderr),
    /no basic auth credentials/,
  );
  const wrong = await login('wrong');
  assert.is(wrong.exitCode, 1);
  assert.match(String(wrong.stderr), /login attempt to http:\/\/.*\/v2\/ failed with status: 401 Unauthorized/);
  const right = await login('secret');
  assert.match(String(right.stdout), /^Login Succeeded$/m);
  const kept = JSON.parse(fs.readFileSync(docker, 'utf8'));
  assert.equal(kept, {
    psFormat: 'x',
    auths: { other: { auth: 'YTpi' }, [server.host]: { auth: Buffer.from('student:secret').toString('base64') } },
  });
  assert.is(fs.statSync(docker).mode & 0o777, 0o600);
  assert.equal(fs.readdirSync(path.dirname(docker)), ['config.json']);
  await box.ok(['push', `${server.host}/app:1`], { env });
  await box.ok(['pull', `${server.host}/app:1`], { env });
  assert.match(
    await box.ok(['login', server.host], { env }),
    /Authenticating with existing credentials.*\nLogin Succeeded/,
  );
  assert.is(await box.ok(['logout', server.host], { env }), `Removing login credentials for ${server.host}`);
  assert.is((await box.minidock(['pull', `${server.host}/app:1`], { env })).exitCode, 1);
});

requires(
  'root',
  'docker-registry',
  'script',
)('on a terminal name and password are asked for, the password unseen', async () => {
  const server = await withPassword();
  const { box, env, docker } = await prepared();
  const { exitCode, shown } = await onTerminal(
    `${minidockPath} login ${server.host}`,
    [
      [/Username: $/, 'studenx\x7ft\r'],
      [/Password: $/, 'secret\r'],
    ],
    { ...process.env, ...box.env, ...env },
  );
  assert.is(exitCode, 0, shown);
  assert.match(shown, /Login Succeeded/);
  assert.not.match(shown, /secret/);
  assert.match(fs.readFileSync(docker, 'utf8'), Buffer.from('student:secret').toString('base64'));
});

for (const [args, message] of [
  [['-u', 'a', '-p', 'b', '--password-stdin'], /cannot specify both --password and --password-stdin/],
  [['--password-stdin'], /the --password-stdin option requires --username to be set/],
  [['-u', 'a'], /Cannot perform an interactive login from a non TTY device/],
  [['-u', 'a', '-p', 'b', '-p', ''], /password is empty/],
] as const) {
  test(`login ${args.join(' ')} is refused`, async () => {
    const result = await sandbox().minidock(['login', ...args, '127.0.0.1:1']);
    assert.is(result.exitCode, 1);
    assert.match(String(result.stderr), message);
  });
}

test('a credential helper keeps them; one that is missing is named', async () => {
  const server = await withPassword();
  const { box, env, docker } = await prepared();
  const bin = temporaryFolder('helper');
  const helper = `#!/bin/sh
case $1 in store) cat > ${bin}/kept;; get) cat >/dev/null; test -f ${bin}/kept && cat ${bin}/kept || { echo credentials not found in native keychain; exit 1; };; erase) rm ${bin}/kept;; esac
`;
  fs.writeFileSync(path.join(bin, 'docker-credential-test'), helper, { mode: 0o755 });
  fs.mkdirSync(path.dirname(docker));
  fs.writeFileSync(docker, '{"credsStore": "test"}');
  const withHelper = { ...env, PATH: `${bin}:${process.env.PATH}` };
  await box.ok(['tag', 'app:1', `${server.host}/app:1`]);
  await box.ok(['login', '-u', 'student', '-p', 'secret', server.host], { env: withHelper });
  assert.not.match(fs.readFileSync(docker, 'utf8'), /c3R1ZGVud|secret/);
  assert.equal(JSON.parse(fs.readFileSync(path.join(bin, 'kept'), 'utf8')), {
    ServerURL: server.host,
    Username: 'student',
    Secret: 'secret',
  });
  await box.ok(['push', `${server.host}/app:1`], { env: withHelper });
  const missing = await box.minidock(['push', `${server.host}/app:1`], { env });
  assert.match(String(missing.stderr), /exec: "docker-credential-test": executable file not found in \$PATH/);
  await box.ok(['logout', server.host], { env: withHelper });
  assert.not.ok(fs.existsSync(path.join(bin, 'kept')));
});

/** An authority and a certificate for an address, by openssl. */
function certificates(address: string): { ca: string; cert: string; key: string } {
  const folder = temporaryFolder('tls');
  const at = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
    assert.is(status, 0, stderr);
  };
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  );
  openssl('req', ...key, '-keyout', at('key'), '-out', at('csr'), '-subj', '/CN=registry');
  fs.writeFileSync(at('ext'), `subjectAltName=IP:${address}\n`);
  const signing = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('ext')];
  openssl('x509', '-req', '-in', at('csr'), '-out', at('crt'), ...signing);
  return { ca: at('ca.crt'), cert: at('crt'), key: at('key') };
}

/** An address of this machine that is not loopback: only there are certificates asked for. */
const address = Object.values(networkInterfaces())
  .flat()
  .find(found => found?.family === 'IPv4' && !found.internal)?.address;
const outside = address === undefined ? requires('root', 'arm64', 'x64') : test;

outside('a registry with its own authority is trusted through certs.d and not otherwise', async () => {
  const { ca, cert, key } = certificates(address!);
  const host = `${address}:${await freePort()}`;
  await registry({ http: { addr: host, tls: { certificate: cert, key } } });
  const { box, env } = await prepared();
  await box.ok(['tag', 'app:1', `${host}/app:1`]);
  const refused = await box.minidock(['push', `${host}/app:1`], { env });
  assert.is(refused.exitCode, 1);
  assert.match(String(refused.stderr), new RegExp(`certs.d/${host}/ca.crt`));
  const folder = path.join(path.dirname(box.config), 'certs.d', host);
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(ca, path.join(folder, 'ca.crt'));
  await box.ok(['push', `${host}/app:1`], { env });
  assert.match(await box.ok(['pull', `${host}/app:1`], { env }), /Image is up to date/);
});

outside(
  'plain http is spoken only to who is declared insecure: nobody on the way can switch encryption off',
  async () => {
    const host = `${address}:${await freePort()}`;
    const lines: string[] = [];
    const server = http.createServer((request, response) => {
      lines.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
    });
    servers.push(server);
    await new Promise<void>(resolve => server.listen(Number(host.split(':')[1]), address, resolve));
    const { box, env, docker } = await prepared();
    fs.mkdirSync(path.dirname(docker));
    fs.writeFileSync(
      docker,
      JSON.stringify({ auths: { [host]: { auth: Buffer.from('me:secret').toString('base64') } } }),
    );
    await box.ok(['tag', 'app:1', `${host}/app:1`]);
    for (const verb of ['push', 'pull']) {
      const refused = await box.minidock([verb, `${host}/app:1`], { env });
      assert.match(
        String(refused.stderr),
        /http: server gave HTTP response to HTTPS client\n {2}fix: .*insecure-registries/,
      );
    }
    assert.equal(lines, []);
    fs.writeFileSync(box.config, JSON.stringify({ 'insecure-registries': [host] }));
    await box.minidock(['pull', `${host}/app:1`], { env });
    assert.ok(lines.length > 0);
  },
);

test('a token server gives tokens for what is asked, and a refresh token that is kept for the password', async () => {
  const { cert, key } = certificates('127.0.0.1');
  const der = fs.readFileSync(cert, 'utf8').replace(/-----[^-]+-----|\s/g, '');
  const asked: { method: string; scopes: string[]; grant: string | null }[] = [];
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const tokens = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const url = new URL(request.url!, 'http://x');
    const form = new URLSearchParams(body);
    const scopes = [...url.searchParams.getAll('scope'), ...form.getAll('scope')];
    asked.push({ method: request.method!, scopes, grant: form.get('grant_type') });
    const isUser = request.headers.authorization === `Basic ${Buffer.from('student:secret').toString('base64')}`;
    if (!isUser && form.get('refresh_token') !== 'refresh-me') return void response.writeHead(401).end('{}');
    const access = scopes.map(scope => {
      const [type, name, actions] = scope.split(':');
      return { type, name, actions: actions!.split(',') };
    });
    const now = Math.floor(Date.now() / 1000);
    const times = { exp: now + 60, nbf: now - 10, iat: now };
    const claims = { iss: 'tests', sub: 'student', aud: 'registry', ...times, jti: randomUUID(), access };
    const signed = `${encode({ typ: 'JWT', alg: 'RS256', x5c: [der] })}.${encode(claims)}`;
    const signature = createSign('RSA-SHA256').update(signed).sign(fs.readFileSync(key)).toString('base64url');
    const refresh = url.searchParams.get('offline_token') === 'true' ? { refresh_token: 'refresh-me' } : {};
    response.end(JSON.stringify({ token: `${signed}.${signature}`, ...refresh }));
  });
  servers.push(tokens);
  await new Promise<void>(resolve => tokens.listen(0, '127.0.0.1', resolve));
  const realm = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`;
  const server = await registry({
    auth: { token: { realm, service: 'registry', issuer: 'tests', rootcertbundle: cert } },
  });
  const { box, env, docker } = await prepared();
  const wrong = await box.minidock(['login', '-u', 'student', '-p', 'wrong', server.host], { env });
  assert.match(String(wrong.stderr), /unauthorized: .* refuses user "student"/);
  await box.ok(['login', '-u', 'student', '-p', 'secret', server.host], { env });
  assert.equal(JSON.parse(fs.readFileSync(docker, 'utf8')).auths[server.host], {
    auth: Buffer.from('student:').toString('base64'),
    identitytoken: 'refresh-me',
  });
  await box.ok(['tag', 'app:1', `${server.host}/a:1`]);
  await box.ok(['push', `${server.host}/a:1`], { env });
  await box.ok(['tag', 'app:1', `${server.host}/b:1`]);
  const mounted = await box.ok(['push', `${server.host}/b:1`], { env });
  assert.match(mounted, /Mounted from a/);
  await box.ok(['pull', `${server.host}/b:1`], { env });
  assert.ok(asked.some(({ grant, scopes }) => grant === 'refresh_token' && scopes.includes('repository:a:pull,push')));
  await box.ok(['logout', server.host], { env });
  assert.is((await box.minidock(['pull', `${server.host}/b:1`], { env })).exitCode, 1);
});

outside('HTTP_PROXY and HTTPS_PROXY are used, NO_PROXY is respected', async () => {
  const { ca, cert, key } = certificates(address!);
  const host = `${address}:${await freePort()}`;
  await registry({ http: { addr: host, tls: { certificate: cert, key } } });
  const { box, env } = await prepared();
  const folder = path.join(path.dirname(box.config), 'certs.d', host);
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(ca, path.join(folder, 'ca.crt'));
  const connects: string[] = [];
  const proxy = http.createServer().on('connect', (request, socket) => {
    connects.push(`${request.url} ${request.headers['proxy-authorization']}`);
    const [name, port] = request.url!.split(':');
    const target = net.connect(Number(port), name!, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    socket.pipe(target).pipe(socket);
    for (const end of [socket, target]) end.on('error', () => end.destroy());
  });
  servers.push(proxy);
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const through = { ...env, HTTPS_PROXY: `http://me:pass@127.0.0.1:${port}` };
  await box.ok(['tag', 'app:1', `${host}/app:1`]);
  await box.ok(['push', `${host}/app:1`], { env: through });
  assert.ok(connects.length > 0);
  assert.is(connects[0], `${host} Basic ${Buffer.from('me:pass').toString('base64')}`);
  const before = connects.length;
  await box.ok(['pull', `${host}/app:1`], { env: { ...through, NO_PROXY: address! } });
  assert.is(connects.length, before);
});

test('Ctrl-C ends a pull with 130 and keeps what has come; the next pull goes on from there', async () => {
  const noise = path.join(temporaryFolder('noise'), 'rootfs.tar');
  const tree = temporaryFolder('tree');
  fs.writeFileSync(
    path.join(tree, 'noise'),
    spawnSync('head', ['-c', '8000000', '/dev/urandom'], { maxBuffer: 1 << 26 }).stdout,
  );
  assert.is(spawnSync('tar', ['-cf', noise, '-C', tree, '.']).status, 0);
  const { box, env } = await prepared();
  const server = await registry();
  const name = `${server.host}/big:1`;
  await box.ok(['import', noise, name]);
  await box.ok(['push', name], { env });
  const { faultProxy } = await import('./support/fault-proxy.ts');
  const proxy = await faultProxy(server);
  const isLayer = (url = '') => url.includes('/blobs/') && !url.includes('uploads');
  let stalled = false;
  proxy.intercept = ({ url, headers }, response) => {
    if (!isLayer(url) || stalled || headers.range !== undefined) return false;
    http.get(`${server.url}${url}`, answer => {
      if (Number(answer.headers['content-length']) < 1_000_000)
        return void answer.pipe(response.writeHead(200, answer.headers));
      stalled = true;
      response.writeHead(200, answer.headers);
      let sent = 0;
      answer.on('data', (chunk: Buffer) => {
        if (sent < 3_000_000) response.write(chunk);
        sent += chunk.length;
      });
    });
    return true;
  };
  const other = sandbox();
  const remote = `${proxy.host}/big:1`;
  const first = other.minidock(['pull', remote], { env });
  const partial = path.join(other.root, 'images/.partial');
  await eventually(
    () =>
      fs.existsSync(partial) &&
      fs
        .readdirSync(partial)
        .some(file => (fs.statSync(path.join(partial, file), { throwIfNoEntry: false })?.size ?? 0) > 2_000_000),
    10,
  );
  first.kill('SIGINT');
  const ended = await first;
  assert.is(ended.exitCode, 130);
  assert.match(String(ended.stderr), /stopped by SIGINT/);
  proxy.requests.length = 0;
  await other.ok(['pull', remote], { env });
  const ranges = proxy.requests
    .filter(({ line }) => isLayer(line))
    .map(({ headers }) => headers.range)
    .filter(Boolean);
  assert.match(String(ranges[0]), /^bytes=[2-9]\d{6}-$/);
  assert.equal(fs.readdirSync(partial), []);
});

test.run();
