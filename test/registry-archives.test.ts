import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { archive, type Member } from './support/archive.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { type Sandbox, sandbox } from './support/minidock.ts';
import { push, registry } from './support/registry.ts';
import { findProgram, requires } from './support/requires.ts';

const test = requires('root');
const withSkopeo = requires('root', 'skopeo');
const withDocker = requires('root', 'dockerd', 'docker');
const withPodman = requires('root', 'podman');

const folder = temporaryFolder('archives');
const bb = await busyboxImage();

function must(program: string, ...args: string[]): string {
  const result = spawnSync(findProgram(program) ?? program, args, { maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.stderr || result.error}`);
  return result.stdout.toString();
}

const skopeo = (...args: string[]) => must('skopeo', '--insecure-policy', ...args);
const sha256 = (content: string | Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const idIn = (box: Sandbox, name: string) => box.ok(['image', 'inspect', '-f', '{{.Id}}', name]);
const idSeen = (place: string) => sha256(must('skopeo', 'inspect', '--config', '--raw', place));

/** What a load leaves in the store besides images. */
function leftovers(box: Sandbox): string[] {
  const list = (path: string) => (existsSync(join(box.root, path)) ? readdirSync(join(box.root, path)) : []);
  return [...list('images/blobs/sha256'), ...list('images/.partial'), ...list('layers')];
}

/** A sandbox with the three-layer busybox image as `bb:1`, `bb:2` and `localhost:5000/team/bb:1`, as skopeo wrote it. */
async function stocked(): Promise<{ box: Sandbox; id: string; source: string }> {
  const box = sandbox();
  const source = join(temporaryFolder('source'), 'oci.tar');
  skopeo('copy', '-q', `oci:${bb.layout}:${bb.tag}`, `oci-archive:${source}:docker.io/library/bb:1`);
  await box.ok(['load', '-q', '-i', source]);
  await box.ok(['tag', 'bb:1', 'bb:2']);
  await box.ok(['tag', 'bb:1', 'localhost:5000/team/bb:1']);
  return { box, id: idSeen(`oci-archive:${source}`), source };
}

withSkopeo('what skopeo writes in either format is loaded under its name with its id, and runs', async () => {
  const box = sandbox();
  const docker = join(folder, 'skopeo-docker.tar');
  const oci = join(folder, 'skopeo-oci.tar');
  skopeo('copy', '-q', `oci:${bb.layout}:${bb.tag}`, `docker-archive:${docker}:docker.io/library/from-docker:1`);
  skopeo('copy', '-q', `oci:${bb.layout}:${bb.tag}`, `oci-archive:${oci}:localhost:5000/from/oci:1`);
  assert.is(await box.ok(['load', '-i', docker]), 'Loaded image: from-docker:1');
  assert.is(await box.ok(['load', '-i', oci]), 'Loaded image: localhost:5000/from/oci:1');
  assert.is(await idIn(box, 'from-docker:1'), idSeen(`docker-archive:${docker}`));
  assert.is(await idIn(box, 'localhost:5000/from/oci:1'), idSeen(`oci-archive:${oci}`));
  const run = ['run', '--rm', '--network', 'none', 'from-docker:1', 'cat', '/www/index.html'];
  assert.match(await box.ok(run), /served by busybox/);
});

withSkopeo('what is saved is read as Docker archive and as OCI archive, with the same id and layers', async () => {
  const { box, id, source } = await stocked();
  const file = join(folder, 'saved.tar');
  await box.ok(['save', '-o', file, 'bb:1', 'localhost:5000/team/bb']);
  assert.is(statSync(file).mode & 0o777, 0o600);
  for (const place of [
    `docker-archive:${file}:docker.io/library/bb:1`,
    `docker-archive:${file}:localhost:5000/team/bb:1`,
    `oci-archive:${file}:docker.io/library/bb:1`,
    `oci-archive:${file}:localhost:5000/team/bb:1`,
  ]) {
    assert.is(idSeen(place), id, place);
    skopeo('copy', '-q', place, `dir:${join(temporaryFolder('copied'), 'image')}`);
  }
  const raw = must('skopeo', 'inspect', '--raw', `oci-archive:${file}:docker.io/library/bb:1`);
  assert.is(raw, must('skopeo', 'inspect', '--raw', `oci-archive:${source}`), 'its manifest is kept byte for byte');

  const again = await box.minidock(['save', 'bb:1', 'localhost:5000/team/bb'], { encoding: 'buffer' });
  assert.is(sha256(again.stdout as unknown as Buffer), sha256(readFileSync(file)), 'the same images, the same bytes');
  const other = sandbox();
  const loaded = await other.ok(['load', '-q'], { inputFile: file, stdin: undefined });
  assert.is(loaded, 'Loaded image: bb:1\nLoaded image: localhost:5000/team/bb:1');
  assert.is(await idIn(other, 'bb:1'), id);
});

requires(
  'root',
  'skopeo',
  'docker-registry',
)('an image of Docker schema 2 is saved in the OCI’s form too', async () => {
  const server = await registry();
  const copy = ['copy', '-q', '--dest-tls-verify=false', '--format', 'v2s2', `oci:${bb.layout}:${bb.tag}`];
  skopeo(...copy, `docker://${server.host}/v2:1`);
  const box = sandbox();
  await box.ok(['pull', '-q', `${server.host}/v2:1`]);
  const file = join(folder, 'v2.tar');
  await box.ok(['save', '-o', file, `${server.host}/v2:1`]);
  const id = await idIn(box, `${server.host}/v2:1`);
  assert.is(idSeen(`oci-archive:${file}`), id);
  assert.is(idSeen(`docker-archive:${file}`), id);
  const { mediaType, config, layers } = JSON.parse(must('skopeo', 'inspect', '--raw', `oci-archive:${file}`));
  const types = [mediaType, config.mediaType, ...layers.map((layer: { mediaType: string }) => layer.mediaType)];
  assert.ok(
    types.every(type => type.startsWith('application/vnd.oci.image.')),
    types.join(),
  );
  push(`oci-archive:${file}`, server, 'back:1');
});

withDocker('dockerd loads what we save, we load what dockerd saves: ids, names and history are the same', async () => {
  const { box, id } = await stocked();
  const daemon = await dockerd();
  const ours = join(folder, 'ours.tar');
  await box.ok(['save', '-o', ours, 'bb', id]);
  assert.equal(daemon.docker(['load', '-i', ours]).split('\n').sort(), ['Loaded image: bb:1', 'Loaded image: bb:2']);
  assert.is(daemon.docker(['image', 'inspect', '-f', '{{.Id}}', 'bb:1']), id);
  await box.ok(['save', '-o', join(folder, 'id.tar'), id]);
  daemon.docker(['rmi', '-f', id]);
  daemon.docker(['load', '-i', join(folder, 'id.tar')]);
  assert.match(daemon.docker(['images', '--no-trunc', '--format', '{{.Repository}} {{.ID}}']), `<none> ${id}`);

  // Without running anything: layers of every kind that Docker's archives know, one of them empty and so a link in the archive.
  const context = join(folder, 'context');
  mkdirSync(context);
  for (const name of ['a', 'b']) writeFileSync(join(context, name), name.repeat(1000));
  daemon.docker(['tag', id, 'base:1']);
  const lines = ['FROM base:1', 'LABEL kind=test', 'WORKDIR /srv', 'COPY a /srv/', 'COPY b /srv/', 'COPY a /srv/'];
  writeFileSync(join(context, 'Dockerfile'), [...lines, 'CMD ["cat", "/srv/b"]'].join('\n'));
  daemon.docker(['build', '-q', '-t', 'app:1', '-t', 'other:2', context]);
  const theirs = join(folder, 'theirs.tar');
  daemon.docker(['save', '-o', theirs, 'app:1', 'other:2', 'base:1']);
  const fresh = sandbox();
  const loaded = (await fresh.ok(['load', '-i', theirs])).split('\n').sort();
  assert.equal(loaded, ['Loaded image: app:1', 'Loaded image: base:1', 'Loaded image: other:2']);
  for (const name of ['app:1', 'other:2', 'base:1']) {
    assert.is(await idIn(fresh, name), daemon.docker(['image', 'inspect', '-f', '{{.Id}}', name]), name);
  }
  const shown = ['history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Size}}|{{.Comment}}', 'app:1'];
  assert.is(await fresh.ok(shown), daemon.docker(shown));
  assert.is(await fresh.ok(['run', '--rm', '--network', 'none', 'app:1']), 'b'.repeat(1000));
  for (const flags of [
    ['-f', 'label=kind'],
    ['-f', 'before=app:1'],
    ['-f', 'since=base:1'],
    ['-f', 'reference=o*:2'],
  ]) {
    const list = ['images', ...flags, '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}'];
    assert.equal((await fresh.ok(list)).split('\n').sort(), daemon.docker(list).split('\n').sort(), flags.join(' '));
  }
});

withPodman('podman loads what we save, we load what podman saves', async () => {
  const { box, id } = await stocked();
  const home = temporaryFolder('podman');
  const podman = (...args: string[]) =>
    must('podman', '--root', join(home, 'root'), '--runroot', join(home, 'run'), '--storage-driver', 'vfs', ...args);
  const file = join(folder, 'for-podman.tar');
  await box.ok(['save', '-o', file, 'bb:1']);
  podman('load', '-q', '-i', file);
  assert.match(podman('images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}'), `bb:1 ${id}`);
  for (const format of ['docker-archive', 'oci-archive']) {
    const theirs = join(home, `${format}.tar`);
    podman('save', '-q', '--format', format, '-o', theirs, id.slice(7));
    const fresh = sandbox();
    const line = await fresh.ok(['load', '-i', theirs]);
    assert.match(line, /^Loaded image(: docker\.io\/library\/bb:1|: bb:1| ID: sha256:)/, format);
    const [loaded] = (await fresh.ok(['images', '-q', '--no-trunc'])).split('\n');
    assert.is(loaded, idSeen(`${format}:${theirs}`), format);
  }
});

test('an archive compressed with gzip, zstd, xz or bzip2, from a file or from standard input', async () => {
  const { box, id } = await stocked();
  const plain = join(folder, 'plain.tar');
  await box.ok(['save', '-o', plain, 'bb:1']);
  writeFileSync(`${plain}.gz`, gzipSync(readFileSync(plain), { level: 1 }));
  for (const [program, ending] of [
    ['zstd', 'zst'],
    ['xz', 'xz'],
    ['bzip2', 'bz2'],
  ] as const) {
    if (findProgram(program)) must(program, '-q', '-k', ...(program === 'xz' ? ['-1'] : []), plain);
    else process.stdout.write(`  skipped: .${ending} (${program} is not installed)\n`);
  }
  for (const name of readdirSync(folder).filter(file => file.startsWith('plain.tar'))) {
    const fresh = sandbox();
    await fresh.ok(['load', '-q', '-i', join(folder, name)]);
    assert.is(await idIn(fresh, 'bb:1'), id, name);
    const piped = sandbox();
    await piped.ok(['load', '-q'], { inputFile: join(folder, name), stdin: undefined });
    assert.is(await idIn(piped, 'bb:1'), id, name);
    if (name.endsWith('.tar')) continue;
    const cut = join(temporaryFolder('cut'), name);
    writeFileSync(cut, readFileSync(join(folder, name)).subarray(0, -1000));
    const broken = sandbox();
    const { exitCode, stderr } = await broken.minidock(['load', '-i', cut]);
    assert.is(exitCode, 1, name);
    assert.match(String(stderr), /^minidock: the archive is no valid (gzip|zstd|xz|bzip2): /, name);
    assert.equal(leftovers(broken), []);
  }
});

test('a tag that names another image moves, and load says so', async () => {
  const { box, id } = await stocked();
  const file = join(folder, 'moving.tar');
  await box.ok(['save', '-o', file, 'bb:1']);
  const fresh = sandbox();
  const other = await fresh.ok(['import', '-', 'bb:1'], { input: await archive([{ name: 'x' }]), stdin: 'pipe' });
  const said = `The image bb:1 already exists, renaming the old one with ID ${other} to empty string`;
  assert.is(await fresh.ok(['load', '-i', file]), `${said}\nLoaded image: bb:1`);
  const images = (await fresh.ok(['images', '--no-trunc', '--format', '{{.Tag}} {{.ID}}'])).split('\n').sort();
  assert.equal(images, [`1 ${id}`, `<none> ${other}`]);
});

test('terminals, places and names that are refused, in Docker’s words', async () => {
  const { box } = await stocked();
  for (const [args, message] of [
    [
      ['save', '-o', '/nonexistent/x', 'bb:1'],
      'failed to save image: invalid output path: directory "/nonexistent" does not exist',
    ],
    [['save', '-o', '/dev/null', 'bb:1'], 'failed to save image: invalid output path: "/dev/null" is a device'],
    [['save', '-o', folder, 'bb:1'], 'failed to save image: invalid output path: '],
    [['save', '-o', join(folder, 'none.tar'), 'bb:1', 'nope'], 'No such image: nope'],
    [['save', 'nope/nope'], 'No such image: nope/nope'],
    [['load', '-i', '/nonexistent'], 'open /nonexistent: no such file or directory'],
    [['load', '-i', '/tmp'], 'read /tmp: is a directory'],
  ] as const) {
    const { exitCode, stdout, stderr } = await box.minidock([...args]);
    assert.equal([exitCode, stdout], [1, ''], args.join(' '));
    assert.ok(String(stderr).startsWith(`minidock: ${message}`), String(stderr));
  }
  assert.not.ok(existsSync(join(folder, 'none.tar')));
  assert.equal(
    readdirSync(folder).filter(name => name.endsWith('.tmp')),
    [],
  );
});

requires('root', 'script')('neither writes to a terminal nor reads from one', async () => {
  const { box } = await stocked();
  for (const [command, message] of [
    ['save bb:1', 'cowardly refusing to save to a terminal. Use the -o flag or redirect'],
    ['load', 'requested load from stdin, but stdin is empty'],
  ]) {
    const line = `${join(process.cwd(), 'bin/minidock')} ${command}`;
    const env = { ...process.env, ...box.env };
    const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], { env, encoding: 'utf8', timeout: 20_000 });
    assert.match(stdout, message!);
  }
});

/** A Docker archive of one image: one plain layer with one file. The parts may be replaced, members put around them. */
async function handmade(
  change: { config?: object; manifest?: unknown; before?: Member[]; after?: Member[]; layer?: Member } = {},
): Promise<Buffer> {
  const layer = await archive([{ name: 'hello', content: 'hello' }]);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
      ...change.config,
    }),
  );
  const manifest = change.manifest ?? [{ Config: 'config.json', RepoTags: ['made:1'], Layers: ['layer.tar'] }];
  return archive([
    ...(change.before ?? []),
    { name: 'config.json', content: config },
    change.layer ?? { name: 'layer.tar', content: layer },
    { name: 'manifest.json', content: JSON.stringify(manifest) },
    ...(change.after ?? []),
  ]);
}

const image = { Config: 'config.json', RepoTags: ['made:1'], Layers: ['layer.tar'] };
const link = (name: string, linkname: string): Member => ({ name, type: 'symlink', linkname });
const hostile: [title: string, change: Parameters<typeof handmade>[0], message: RegExp][] = [
  ['a name that climbs out', { before: [{ name: '../../evil' }] }, /"\.\.\/\.\.\/evil" in it climbs out/],
  ['an absolute name', { before: [{ name: '/etc/evil' }] }, /"\/etc\/evil" in it is absolute/],
  ['a link out of the archive', { before: [link('a', '../../../etc/passwd')] }, /"a" in it is a link to .*out of/],
  ['an absolute link', { layer: link('layer.tar', '/etc/passwd') }, /is a link to "\/etc\/passwd"/],
  ['a hard link out', { layer: { name: 'layer.tar', type: 'link', linkname: '../x' } }, /climbs out/],
  ['links in a circle', { layer: link('layer.tar', 'layer.tar') }, /chain of more than 10 links/],
  ['a link to nothing', { layer: link('layer.tar', 'gone') }, /has no file/],
  ['a device', { before: [{ name: 'd', type: 'character-device' }] }, /is a character, which no image archive holds/],
  ['a config outside', { manifest: [{ ...image, Config: '../../etc/passwd' }] }, /climbs out/],
  ['a layer outside', { manifest: [{ ...image, Layers: ['/etc/passwd'] }] }, /is absolute/],
  ['a layer that is a directory', { layer: { name: 'layer.tar', type: 'directory' } }, /is a directory/],
  ['a tag with a path', { manifest: [{ ...image, RepoTags: ['../../x:1'] }] }, /invalid reference format/],
  ['a digest for a tag', { manifest: [{ ...image, RepoTags: [`x@${sha256('')}`] }] }, /is no tag/],
  ['a name twice', { after: [{ name: 'config.json', content: '{}' }] }, /holds "config\.json" twice/],
  ['no list', { manifest: { a: 1 } }, /manifest\.json is no list/],
  ['an empty list', { manifest: [] }, /holds no image/],
  ['no object', { manifest: [null] }, /is no object/],
  ['no config', { manifest: [{ Layers: [] }] }, /names no Config/],
  ['Layers of numbers', { manifest: [{ ...image, Layers: [1] }] }, /no list of texts/],
  ['too many layers', { manifest: [{ ...image, Layers: Array(128).fill('layer.tar') }] }, /128 layers, more than 127/],
  ['too many images', { manifest: Array(1001).fill(image) }, /lists 1001 images/],
  ['more layers than diff IDs', { manifest: [{ ...image, Layers: ['layer.tar', 'layer.tar'] }] }, /2 layers.*names 1/],
  [
    'another diff ID',
    { config: { rootfs: { type: 'layers', diff_ids: [sha256('x')] } } },
    /it is not what the image's/,
  ],
  ['a diff ID as a path', { config: { rootfs: { diff_ids: ['sha256:../../../x'] } } }, /invalid digest/],
  ['another system', { config: { os: 'windows' } }, /it is for windows, not for linux/],
  ['a config of text', { config: { config: 'x' } }, /config must be an object|config.*object/],
  [
    'a name that is another digest',
    {
      manifest: [{ ...image, Config: `${'a'.repeat(64)}.json` }],
      before: [{ name: `${'a'.repeat(64)}.json`, content: '{}' }],
    },
    /has the digest/,
  ],
  [
    'two formats with different images',
    {
      after: [
        { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
        { name: 'index.json', content: '{"schemaVersion":2,"manifests":[]}' },
      ],
    },
    /manifest\.json and its index\.json show different images/,
  ],
  [
    'an index that is a manifest as well',
    {
      after: [
        { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
        { name: 'index.json', content: '{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}' },
      ],
    },
    /both a manifest and an index/,
  ],
];

for (const [title, change, message] of hostile) {
  test(`refuses ${title}, and leaves nothing`, async () => {
    const box = sandbox();
    const { exitCode, stdout, stderr } = await box.minidock(['load'], { input: await handmade(change), stdin: 'pipe' });
    assert.match(String(stderr), message);
    assert.equal([exitCode, stdout], [1, '']);
    assert.match(String(stderr), /^minidock: [^\n]+(\n {2}fix: [^\n]+)?$/, 'one line and what to do');
    assert.equal(leftovers(box), []);
    assert.not.ok(existsSync('/etc/evil') || existsSync('/tmp/evil'));
  });
}

test('the same archive without an attack is loaded; one for another machine with a warning', async () => {
  const box = sandbox();
  const inner = [link('a/layer.tar', '../layer.tar'), link('b', './a')];
  const manifest = [{ ...image, Layers: ['a/layer.tar'] }];
  const benign = await handmade({ before: [{ name: './a/', type: 'directory' }, ...inner], manifest });
  assert.is(await box.ok(['load'], { input: benign, stdin: 'pipe' }), 'Loaded image: made:1');
  const foreign = await handmade({ config: { architecture: 's390x\x1b[2J' } });
  const { stderr, exitCode } = await box.minidock(['load'], { input: foreign, stdin: 'pipe' });
  assert.is(exitCode, 0);
  assert.match(String(stderr), /warning: image [0-9a-f]{12} is for linux\/s390x\?\[2J, and this machine is linux\//);
});

test('an image without a name is loaded by id', async () => {
  const box = sandbox();
  const nameless = await handmade({ manifest: [{ Config: 'config.json', RepoTags: null, Layers: ['layer.tar'] }] });
  const said = await box.ok(['load'], { input: nameless, stdin: 'pipe' });
  assert.is(said, `Loaded image ID: ${await box.ok(['images', '-q', '--no-trunc'])}`);
});

withSkopeo(
  'of an index this machine’s image is taken; where there is none, those that are offered are named',
  async () => {
    const { box: _, source, id } = await stocked();
    const layout = temporaryFolder('layout');
    must('tar', '-xf', source, '-C', layout);
    const write = (content: object) => {
      const text = JSON.stringify(content);
      writeFileSync(join(layout, 'blobs/sha256', sha256(text).slice(7)), text);
      return {
        mediaType: 'application/vnd.oci.image.index.v1+json',
        digest: sha256(text),
        size: Buffer.byteLength(text),
      };
    };
    const [entry] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests;
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const foreign = { ...entry, digest: sha256('never read'), annotations: undefined };
    const packed = (platforms: [object, string][]) => {
      const manifests = platforms.map(([from, platform]) => {
        const [os, arch, variant] = platform.split('/');
        return { ...from, platform: { os, architecture: arch, ...(variant ? { variant } : {}) } };
      });
      const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
      const top = { ...write(index), annotations: { 'io.containerd.image.name': 'docker.io/library/multi:1' } };
      writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [top] }));
      const file = join(temporaryFolder('multi'), 'multi.tar');
      must('tar', '-cf', file, '-C', layout, '.');
      return file;
    };
    const box = sandbox();
    const both = packed([
      [foreign, 'linux/s390x'],
      [entry, `linux/${architecture}`],
    ]);
    assert.is(await box.ok(['load', '-i', both]), 'Loaded image: multi:1');
    assert.is(await idIn(box, 'multi:1'), id);
    const none = packed([
      [foreign, 'linux/s390x'],
      [foreign, 'linux/arm/v7'],
    ]);
    const { exitCode, stderr } = await box.minidock(['load', '-i', none]);
    assert.is(exitCode, 1);
    assert.match(
      String(stderr),
      new RegExp(`linux/${architecture} in the archive, which offers linux/s390x, linux/arm/v7`),
    );
  },
);

requires(
  'root',
  'skopeo',
  'zstd',
)('layers compressed with zstd are loaded, and saved as they are', async () => {
  const file = join(folder, 'zstd-layers.tar');
  const place = `oci-archive:${file}:docker.io/library/zs:1`;
  skopeo('copy', '-q', '--dest-compress', '--dest-compress-format', 'zstd', `oci:${bb.layout}:${bb.tag}`, place);
  const box = sandbox();
  await box.ok(['load', '-i', file]);
  const run = ['run', '--rm', '--network', 'none', 'zs:1', 'cat', '/www/index.html'];
  assert.match(await box.ok(run), /served by busybox/);
  // Its layers are unpacked: their blobs are checked all the same.
  await box.ok(['load', '-i', file]);
  const saved = join(folder, 'zstd-saved.tar');
  await box.ok(['save', '-o', saved, 'zs:1']);
  const raw = (archive: string) => must('skopeo', 'inspect', '--raw', `oci-archive:${archive}`);
  assert.is(raw(saved), raw(file));
});

test('an image of several: one that is broken keeps all out', async () => {
  const box = sandbox();
  const config = JSON.stringify({ os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [sha256('x')] } });
  const before = [{ name: 'other.json', content: config }];
  // The second is found broken when the first is stored.
  for (const other of [{ Layers: [] }, { Config: 'other.json' }]) {
    const manifest = [image, { ...image, RepoTags: ['made:2'], ...other }];
    const { exitCode } = await box.minidock(['load'], { input: await handmade({ manifest, before }), stdin: 'pipe' });
    assert.is(exitCode, 1);
    assert.equal(leftovers(box), []);
    assert.is(await box.ok(['images', '-q']), '');
  }
});

test('an archive of both formats shows the same images in each, or is refused', async () => {
  const layer = await archive([{ name: 'hello', content: 'hello' }]);
  const blob = (content: string | Buffer) => ({ name: `blobs/sha256/${sha256(content).slice(7)}`, content });
  const described = (mediaType: string, content: string | Buffer) => ({
    mediaType: `application/vnd.oci.image.${mediaType}`,
    digest: sha256(content),
    size: content.length,
  });
  const images = ['1', '2'].map(author => {
    const rootfs = { type: 'layers', diff_ids: [sha256(layer)] };
    const config = JSON.stringify({ architecture: 'none', os: 'linux', author, config: {}, rootfs });
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: described('config.v1+json', config),
      layers: [described('layer.v1.tar', layer)],
    });
    const docker = { Config: blob(config).name, RepoTags: [`made:${author}`], Layers: [blob(layer).name] };
    return { members: [blob(config), blob(manifest)], docker, oci: described('manifest.v1+json', manifest) };
  });
  const loaded = async (inDocker: number, inOci: number) => {
    const box = sandbox();
    const input = await archive([
      ...images.flatMap(({ members }) => members),
      blob(layer),
      { name: 'manifest.json', content: JSON.stringify(images.slice(0, inDocker).map(({ docker }) => docker)) },
      { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
      {
        name: 'index.json',
        content: JSON.stringify({ schemaVersion: 2, manifests: images.slice(0, inOci).map(({ oci }) => oci) }),
      },
    ]);
    const { exitCode, stdout, stderr } = await box.minidock(['load'], { input, stdin: 'pipe' });
    if (exitCode === 0) return stdout;
    assert.equal(leftovers(box), []);
    return stderr;
  };
  assert.is(await loaded(2, 2), 'Loaded image: made:1\nLoaded image: made:2');
  for (const [inDocker, inOci] of [
    [1, 2],
    [2, 1],
  ] as const)
    assert.match(String(await loaded(inDocker, inOci)), /its manifest\.json and its index\.json show different images/);
});

test('a layer that is unpacked already is no cover for another one', async () => {
  const box = sandbox();
  await box.ok(['load'], { input: await handmade(), stdin: 'pipe' });
  const before = leftovers(box);
  const other = await archive([{ name: 'evil', content: 'evil' }]);
  const swapped = await handmade({ layer: { name: 'layer.tar', content: gzipSync(other) } });
  const { exitCode, stderr } = await box.minidock(['load'], { input: swapped, stdin: 'pipe' });
  assert.is(exitCode, 1);
  assert.match(String(stderr), /its layer sha256:.* unpacks to sha256:/);
  assert.equal(leftovers(box), before);
});

test('Ctrl-C in the middle of a load leaves nothing, a killed one is swept by the next', async () => {
  const box = sandbox();
  const whole = await handmade();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGKILL', undefined],
  ] as const) {
    const running = box.minidock(['load'], { stdin: 'pipe' });
    running.stdin!.on('error', () => {});
    running.stdin!.write(whole.subarray(0, 2000));
    const spool = join(box.root, 'images/.partial');
    while (!existsSync(spool) || readdirSync(spool).length === 0) await new Promise(resolve => setTimeout(resolve, 20));
    running.kill(signal);
    assert.is((await running).exitCode, code, signal);
    assert.is(readdirSync(spool).length, signal === 'SIGINT' ? 0 : 1, signal);
  }
  await box.ok(['load'], { input: whole, stdin: 'pipe' });
  assert.equal(readdirSync(join(box.root, 'images/.partial')), []);
});

test('memory is bounded, whatever the size of a layer', async () => {
  const box = sandbox();
  const tree = temporaryFolder('large');
  must('sh', '-c', `head -c 400M /dev/urandom > ${join(tree, 'large')} && tar -C ${tree} -cf ${tree}.tar large`);
  const peak = (args: string[]) => {
    const command = ['-c', 'exec "$@"', 'sh', join(process.cwd(), 'bin/minidock'), ...args];
    const script = `import resource,subprocess,sys
subprocess.run(sys.argv[1:],check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)`;
    const result = spawnSync('python3', ['-c', script, 'sh', ...command], { env: { ...process.env, ...box.env } });
    if (result.status !== 0) throw new Error(String(result.stderr));
    return Number(result.stdout.toString().trim().split('\n').at(-1));
  };
  try {
    await box.ok(['import', `${tree}.tar`, 'large']);
    const file = join(tree, 'saved.tar');
    assert.ok(peak(['save', '-o', file, 'large']) < 200);
    await box.ok(['rmi', 'large']);
    assert.ok(peak(['load', '-q', '-i', file]) < 200);
  } finally {
    must('rm', '-rf', `${tree}.tar`);
  }
});

test.run();
