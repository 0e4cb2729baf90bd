import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type http from 'node:http';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { ImageStore } from '../src/image/store.ts';
import { type PullEvent, type PullOptions, pull } from '../src/registry/pull.ts';
import { gzipped } from './support/archive.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { digestOf, type FaultyRegistry, faultyRegistry, type TestImage, testImage } from './support/faulty-registry.ts';
import { rejection } from './support/rejection.ts';
import { requires } from './support/requires.ts';

const test = requires('root');

const small = await gzipped([{ name: 'etc/hostname', content: 'x\n' }]);
const noise = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919 * (i % 251)) & 0xff));
const large = await gzipped([{ name: 'large', content: noise }]);
const image = testImage([small, large]);
const layerPath = `/blobs/${image.layers[1]}`;

interface Setting {
  registry: FaultyRegistry;
  root: string;
  pull: (options?: Partial<PullOptions>, name?: string) => ReturnType<typeof pull>;
}

async function setting(served: TestImage = image): Promise<Setting> {
  const registry = await faultyRegistry();
  registry.put('app:1', served);
  const root = temporaryFolder('root');
  const defaults = { root, retryDelayMs: 1, daemonConfig: '/nonexistent', dockerConfig: '/nonexistent' };
  return {
    registry,
    root,
    pull: (options, name = 'app:1') => pull(`${registry.host}/${name}`, { ...defaults, ...options }),
  };
}

/** After a failure the store holds no image, blob, layer or temporary file. */
function checkEmpty(root: string): void {
  const files = (folder: string) => {
    const at = path.join(root, folder);
    return fs.existsSync(at) ? fs.readdirSync(at) : [];
  };
  assert.equal(new ImageStore(root).list(), []);
  assert.equal([...files('images/blobs/sha256'), ...files('images/.partial'), ...files('layers')], []);
}

function cutShort(response: http.ServerResponse, content: Buffer, length: number): true {
  response.writeHead(200, { 'content-length': content.length });
  response.write(content.subarray(0, length), () => response.destroy());
  return true;
}

function reply(
  response: http.ServerResponse,
  status: number,
  body: string,
  headers: http.OutgoingHttpHeaders = {},
): true {
  response.writeHead(status, headers).end(body);
  return true;
}

test('a blob cut short is continued where it broke off', async () => {
  const { registry, pull } = await setting();
  let cuts = 0;
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith(layerPath) || cuts++ > 0) return false;
    return cutShort(response, large, 100_000);
  };
  await pull();
  const ranges = registry.requests.filter(({ line }) => line.endsWith(layerPath)).map(({ headers }) => headers.range);
  assert.is(ranges[0], undefined);
  assert.match(ranges[1] ?? '', /^bytes=\d{5,6}-$/);
});

test('a server without ranges starts again from the beginning', async () => {
  const { registry, pull, root } = await setting();
  let requests = 0;
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith(layerPath)) return false;
    if (requests++ === 0) return cutShort(response, large, 100_000);
    response.writeHead(200, { 'content-length': large.length }).end(large);
    return true;
  };
  await pull();
  assert.is(requests, 2);
  assert.is(new ImageStore(root).list().length, 1);
});

test('a blob that is always cut short fails and leaves nothing', async () => {
  const { registry, pull, root } = await setting();
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith(layerPath)) return false;
    response.destroy();
    return true;
  };
  const error = await rejection(pull());
  assert.match(error.message, /socket hang up|cut short/);
  checkEmpty(root);
});

test('a body that ends early without a length is cut short too', async () => {
  const { registry, pull, root } = await setting();
  registry.intercept = (request, response) =>
    request.url?.endsWith(layerPath) === true && reply(response, 200, 'only this');
  const error = await rejection(pull());
  assert.match(error.message, `blob ${image.layers[1]} was cut short: 9 of ${large.length} bytes came`);
  checkEmpty(root);
});

for (const [what, body, message] of [
  ['other bytes', Buffer.alloc(large.length, 'x'), /^digest mismatch/],
  ['more bytes', Buffer.concat([large, Buffer.from('x')]), /is larger than the \d+ bytes/],
] as const) {
  test(`a blob with ${what} than its digest names is refused`, async () => {
    const { registry, pull, root } = await setting();
    registry.intercept = (request, response) => {
      if (!request.url?.endsWith(layerPath)) return false;
      response.end(body);
      return true;
    };
    const error = await rejection(pull());
    assert.is(error.code, 'digest-mismatch');
    assert.match(error.message, message);
    assert.ok(error.message.includes(image.layers[1]!));
    checkEmpty(root);
  });
}

test('a silent connection is given up', async () => {
  const { registry, pull, root } = await setting();
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith(layerPath)) return false;
    response.writeHead(200, { 'content-length': large.length }).write(large.subarray(0, 10));
    return true;
  };
  const error = await rejection(pull({ idleTimeoutMs: 100 }));
  assert.match(error.message, /was silent for 0.1 seconds/);
  checkEmpty(root);
});

test('server errors and short rate limits pass', async () => {
  const { registry, pull } = await setting();
  const answers: [number, http.OutgoingHttpHeaders][] = [
    [500, {}],
    [503, {}],
    [429, { 'retry-after': '0' }],
  ];
  registry.intercept = (_, response) => {
    const next = answers.shift();
    return next !== undefined && reply(response, next[0], '', next[1]);
  };
  await pull();
  assert.is(answers.length, 0);
});

test("Docker Hub's rate limit is said in its words and not waited for", async () => {
  const { registry, pull } = await setting();
  registry.intercept = (_, response) =>
    reply(response, 429, '{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}');
  const error = await rejection(pull());
  assert.is(error.code, 'too-many-requests');
  assert.match(error.message, /^toomanyrequests: .*You have reached your pull rate limit\.$/);
  assert.is(registry.requests.length, 1);
});

const badAnswers: [what: string, status: number, body: string, message: RegExp][] = [
  ['an HTML page', 200, '<!DOCTYPE html><html>\nHello', /^malformed manifest of .*: it is HTML, not JSON$/],
  ['an HTML error', 404, '<html>nginx</html>', /not found: manifest unknown/],
  ['an HTML failure', 400, '<html>\nnginx</html>', /answers 400: an HTML page: is it a registry\?$/],
  ['nonsense', 200, 'nonsense', /it is not valid JSON$/],
  ['a list', 200, '[]', /it is no JSON object$/],
  ['schema 1', 200, '{"schemaVersion":1}', /^manifest of .* has schema version 1, .* is not supported$/],
  ['neither layers nor manifests', 200, '{"schemaVersion":2}', /neither layers nor manifests/],
  ['both', 200, '{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}', /both a manifest and an index/],
  // They stay in the error; what prints it to a terminal spells them out.
  ['terminal escapes', 400, '{"errors":[{"code":"X","message":"a\\u001b[31m\\nb"}]}', /answers 400: a.\[31m b$/],
  [
    'a refusal',
    403,
    '{"errors":[{"code":"DENIED","message":"no"}]}',
    /^pull access denied for .*, repository does not exist or may/,
  ],
  ['an unknown repository', 404, '{"errors":[{"code":"NAME_UNKNOWN"}]}', /^pull access denied for/],
];

for (const [what, status, body, message] of badAnswers) {
  test(`a registry that answers ${what}`, async () => {
    const { registry, pull, root } = await setting();
    registry.intercept = (_, response) => reply(response, status, body);
    const error = await rejection(pull());
    assert.match(error.message, message);
    checkEmpty(root);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: tests break these documents in every way
const badImages: [what: string, edit: (documents: { manifest: any; config: any }) => void, message: RegExp][] = [
  [
    'a digest that climbs',
    ({ manifest }) => {
      manifest.layers[0].digest = 'sha256:../../../etc/passwd';
    },
    /^invalid digest/,
  ],
  [
    'a digest of another kind',
    ({ manifest }) => {
      manifest.layers[0].digest = `md5:${'0'.repeat(32)}`;
    },
    /only sha256/,
  ],
  [
    'a negative size',
    ({ manifest }) => {
      manifest.layers[0].size = -1;
    },
    /size is -1/,
  ],
  [
    'a size as text',
    ({ manifest }) => {
      manifest.layers[0].size = '1';
    },
    /size is "1"/,
  ],
  [
    'a foreign layer',
    ({ manifest }) => {
      manifest.layers[0].mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    },
    /outside the registry/,
  ],
  [
    'an unknown layer type',
    ({ manifest }) => {
      manifest.layers[0].mediaType = 'text/plain';
    },
    /unknown media type "text\/plain"/,
  ],
  [
    'a config that is no image config',
    ({ manifest }) => {
      manifest.config.mediaType = 'application/vnd.helm.config';
    },
    /no container image/,
  ],
  [
    'a media type of its own',
    ({ manifest }) => {
      manifest.mediaType = 'application/vnd.oci.image.index.v1+json';
    },
    /does not fit/,
  ],
  [
    'another type than it is served as',
    ({ manifest }) => {
      manifest.mediaType = 'application/vnd.oci.image.manifest.v1+json';
    },
    /was served as/,
  ],
  [
    'too few diff IDs',
    ({ config }) => {
      config.rootfs.diff_ids.pop();
    },
    /2 layers, its config 1 diff IDs/,
  ],
  [
    'another diff ID',
    ({ config }) => {
      config.rootfs.diff_ids[0] = `sha256:${'0'.repeat(64)}`;
    },
    /unpacks to sha256:/,
  ],
  [
    'an environment that is no list',
    ({ config }) => {
      config.config.Env = 'A=1';
    },
    /config\.Env must be a list of texts/,
  ],
  [
    'a command with a NUL',
    ({ config }) => {
      config.config.Cmd = ['a\0b'];
    },
    /config\.Cmd/,
  ],
  [
    'a config that is no object',
    ({ config }) => {
      config.config = [];
    },
    /config must be an object/,
  ],
];

for (const [what, edit, message] of badImages) {
  test(`an image with ${what}`, async () => {
    const { pull, root } = await setting(testImage([small, large], edit));
    const error = await rejection(pull());
    assert.match(error.message, message);
    checkEmpty(root);
  });
}

test('a corrupt gzip with the right digest leaves nothing, not even the good layer below it', async () => {
  const broken = Buffer.concat([gzipSync('x').subarray(0, 12), Buffer.alloc(100, 0xff)]);
  const { pull, root } = await setting(testImage([small, broken]));
  assert.match((await rejection(pull())).message, /is no valid gzip/);
  checkEmpty(root);
});

test('a hostile layer leaves nothing', async () => {
  const hostile = await gzipped([{ name: '../../../../tmp/minidock-escape', content: 'x' }]);
  const { pull, root } = await setting(testImage([small, hostile]));
  assert.match((await rejection(pull())).message, /is refused: it climbs out of the layer/);
  assert.not.ok(fs.existsSync('/tmp/minidock-escape'));
  checkEmpty(root);
});

test('a layer waits for all below it, also where one between them is here already', async () => {
  const bottom = await gzipped([{ name: 'd', type: 'directory', mode: 0o711 }]);
  const top = await gzipped([{ name: 'd/file', content: '' }]);
  const image = testImage([bottom, small, top]);
  const { registry, pull, root } = await setting(image);
  const { layers } = (await pull()).image;
  for (const i of [0, 2]) fs.rmSync(path.dirname(layers[i]!), { recursive: true });
  fs.rmSync(path.join(root, 'images/blobs', image.layers[0]!.replace(':', '/')));
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith(image.layers[0]!)) return false;
    setTimeout(() => response.end(bottom), 500);
    return true;
  };
  await pull();
  // What the top layer does not say of d, the bottom one does.
  assert.is(fs.statSync(path.join(layers[2]!, 'd')).mode & 0o777, 0o711);
});

test('a disk that fills up while downloading is one clear error and leaves nothing', async () => {
  // One layer: another would be unpacked meanwhile, and would say first that there is no room.
  const alone = testImage([large]);
  const { pull, root } = await setting(alone);
  assert.is(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${large.length >> 1}`, 'tmpfs', root]).status, 0);
  const error = await rejection(pull());
  assert.is(error.message, `no space left on device while downloading ${alone.layers[0]}`);
  checkEmpty(root);
});

test('a store that cannot be written is not blamed on the registry', async () => {
  const { pull, root } = await setting();
  fs.writeFileSync(path.join(root, 'images'), 'in the way');
  const error = await rejection(pull());
  assert.match(error.message, /^storing 127\.0\.0\.1:\d+\/app:1 failed: mkdir ".*": E(EXIST|NOTDIR)$/);
});

test('a manifest that is not the one asked for by digest', async () => {
  const { registry, pull, root } = await setting();
  const wanted = digestOf(Buffer.from('another'));
  registry.intercept = (request, response) =>
    request.url?.includes('/manifests/') === true && reply(response, 200, image.manifest.toString());
  const error = await rejection(pull({}, `app@${wanted}`));
  assert.is(error.code, 'digest-mismatch');
  assert.ok(error.message.includes(wanted));
  checkEmpty(root);
});

test('an index offers other platforms only', async () => {
  const { registry, pull } = await setting();
  const entry = (platform: object) => ({
    mediaType: image.mediaType,
    digest: digestOf(image.manifest),
    size: image.manifest.length,
    platform,
  });
  registry.intercept = (request, response) =>
    request.url?.endsWith('/manifests/1') === true &&
    reply(
      response,
      200,
      JSON.stringify({
        schemaVersion: 2,
        manifests: [
          entry({ os: 'linux', architecture: 's390x' }),
          entry({ os: 'linux', architecture: 'arm', variant: 'v7' }),
          entry({ os: 'unknown', architecture: 'unknown' }),
        ],
      }),
    );
  const error = await rejection(pull());
  assert.match(error.message, /^no matching manifest for linux\/\w+ in .*, which offers linux\/s390x, linux\/arm\/v7$/);
  const { image: record } = await pull({ platform: { os: 'linux', architecture: 's390x' } });
  assert.is(record.manifestDigest, digestOf(image.manifest));
});

test('redirects are followed without the credentials, never in circles', async () => {
  const { registry, pull, root } = await setting();
  const other = await faultyRegistry();
  other.put('app:1', image);
  const dockerConfig = path.join(root, 'docker.json');
  fs.writeFileSync(
    dockerConfig,
    JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from('me:secret').toString('base64') } } }),
  );
  registry.intercept = (request, response) => {
    if (!request.headers.authorization) return reply(response, 401, '', { 'www-authenticate': 'Basic realm="r"' });
    assert.is(request.headers.authorization, `Basic ${Buffer.from('me:secret').toString('base64')}`);
    return request.url!.includes('/blobs/') && reply(response, 307, '', { location: `${other.url}${request.url}` });
  };
  await pull({ dockerConfig });
  assert.ok(other.requests.length >= 3);
  assert.ok(other.requests.every(({ headers }) => headers.authorization === undefined));

  registry.intercept = (request, response) => reply(response, 302, '', { location: request.url });
  assert.match((await rejection(pull({}, 'app:2'))).message, /redirects in circles/);
  registry.intercept = (_, response) => reply(response, 302, '', { location: 'file:///etc/passwd' });
  assert.match(
    (await rejection(pull({}, 'app:2'))).message,
    /redirects to "file:\/\/\/etc\/passwd", which is not followed/,
  );
});

test('the token flow: realm, service and scope; an expired token is renewed', async () => {
  const { registry, pull, root } = await setting();
  const tokens: string[] = [];
  const server = await faultyRegistry();
  const dockerConfig = path.join(root, 'docker.json');
  fs.writeFileSync(
    dockerConfig,
    JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from('me:secret').toString('base64') } } }),
  );
  server.intercept = (request, response) => {
    const url = new URL(request.url!, 'http://x');
    assert.equal(Object.fromEntries(url.searchParams), {
      service: 'the registry',
      scope: 'repository:app:pull',
      account: 'me',
    });
    assert.is(request.headers.authorization, `Basic ${Buffer.from('me:secret').toString('base64')}`);
    tokens.push(`t${tokens.length}`);
    return reply(response, 200, JSON.stringify({ token: tokens.at(-1), expires_in: 60 }));
  };
  let uses = 0;
  registry.intercept = (request, response) => {
    const valid = request.headers.authorization === `Bearer ${tokens.at(-1)}`;
    if (valid && ++uses !== 2) return false;
    if (valid) tokens.push('expired');
    return reply(response, 401, '', {
      'www-authenticate': `Bearer realm="${server.url}/token",service="the registry",scope="repository:app:pull"`,
    });
  };
  await pull({ dockerConfig });
  assert.is(tokens.filter(token => token !== 'expired').length, 2);

  server.intercept = (_, response) => reply(response, 401, '{"details":"incorrect username or password"}');
  tokens.push('none');
  const error = await rejection(pull({ dockerConfig }));
  assert.match(error.message, /^pull access denied for .*: unauthorized: 127.0.0.1:\d+ refuses user "me"$/);
  assert.not.match(error.message, /secret/);
});

test('mirrors are asked in order, and the next when one fails', async () => {
  const { registry, root } = await setting();
  const [empty, broken, good] = [await faultyRegistry(), await faultyRegistry(), registry];
  good.put('library/app:1', image);
  broken.put('library/app:1', image);
  broken.intercept = (request, response) => request.url!.includes('/blobs/') && reply(response, 200, 'x');
  const daemonConfig = path.join(root, 'daemon.json');
  const mirrors = ['http://127.0.0.1:1', empty.url, broken.url, `${good.url}/`];
  fs.writeFileSync(daemonConfig, JSON.stringify({ 'registry-mirrors': mirrors }));
  const events: PullEvent[] = [];
  const result = await pull('app:1', { root, daemonConfig, retryDelayMs: 1, onProgress: event => events.push(event) });
  assert.equal(result.image.repoTags, ['app:1']);
  assert.is(result.endpoint.base, good.url);
  const warnings = events.flatMap(event => (event.kind === 'warning' ? [event.message] : []));
  assert.is(warnings.length, 3);
  assert.match(warnings[0]!, /connection refused/);
  assert.match(warnings[1]!, /manifest unknown/);
  assert.match(warnings[2]!, /cut short/);
});

test('pulls of the same image at once fetch each blob once', async () => {
  const { registry, pull, root } = await setting();
  await Promise.all([pull(), pull(), pull()]);
  const fetched = registry.requests.filter(({ line }) => line.endsWith(layerPath));
  assert.is(fetched.length, 1);
  assert.is(new ImageStore(root).list().length, 1);
});

test('what was interrupted is continued by the next pull', async () => {
  const { registry, pull, root } = await setting();
  const controller = new AbortController();
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith(layerPath) || request.headers.range) return false;
    response.writeHead(200, { 'content-length': large.length }).write(large.subarray(0, 100_000));
    return true;
  };
  const onProgress = (event: PullEvent) => {
    if (
      event.kind === 'layer' &&
      event.phase === 'Downloading' &&
      event.total === large.length &&
      event.current === 100_000
    ) {
      controller.abort();
    }
  };
  const error = await rejection(pull({ signal: controller.signal, onProgress }));
  assert.is(error.name, 'AbortError');
  assert.is(fs.statSync(path.join(root, 'images/.partial', image.layers[1]!.slice(7))).size, 100_000);
  assert.equal(new ImageStore(root).list(), []);
  await pull();
  assert.is(
    registry.requests.at(-1)?.headers.range ?? registry.requests.find(({ headers }) => headers.range)?.headers.range,
    'bytes=100000-',
  );
  assert.equal(fs.readdirSync(path.join(root, 'images/.partial')), []);
});

test.run();
