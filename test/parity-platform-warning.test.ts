// @mounts-nothing nothing is started
import { createHash } from 'node:crypto';
import * as assert from 'uvu/assert';
import { archive, type Member } from './support/archive.ts';
import { type Both, both } from './support/both.ts';
import { requires } from './support/requires.ts';

/** Images for other processors, on Docker 20.10 and here. */
const test = requires('root', 'x64', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');

/** What images say that they are for: system, architecture, variant. */
const platforms = [
  'linux/arm64',
  'linux/arm64/v8',
  'linux/aarch64',
  'linux/arm',
  'linux/arm/v7',
  'linux/386',
  'linux/i386',
  'linux/amd64',
  'linux/amd64/v1',
  'linux/amd64/v2',
  'linux/amd64/v3',
  'linux/AMD64',
  'linux/x86_64',
  'linux/riscv64',
  'linux/',
  '/amd64',
  '/',
];
let two: Both;

const hexOf = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
const tagOf = (platform: string) => `p:t${platforms.indexOf(platform)}`;

/** All of them, as `docker save` writes them. */
async function images(): Promise<Buffer> {
  const layer = await archive([{ name: 'file', content: 'of no use' }]);
  const members: Member[] = [{ name: 'l.tar', content: layer }];
  const manifest = platforms.map(platform => {
    const [os, architecture, variant] = platform.split('/');
    const rootfs = { type: 'layers', diff_ids: [`sha256:${hexOf(layer)}`] };
    const created = '2020-01-01T00:00:00Z';
    const config = { os, architecture, ...(variant && { variant }), config: { Cmd: ['x'] }, rootfs, created };
    const content = Buffer.from(JSON.stringify({ ...config, history: [{ created }] }));
    const name = `${hexOf(content)}.json`;
    members.push({ name, content });
    return { Config: name, RepoTags: [tagOf(platform)], Layers: ['l.tar'] };
  });
  return await archive([...members, { name: 'manifest.json', content: JSON.stringify(manifest) }]);
}

test.before(async () => {
  two = await both();
  const { there, here } = await two.ask(['load', '-q'], await images());
  assert.is(there.code, 0, there.stderr);
  assert.is(here.code, 0, here.stderr);
});
test.after(() => two.box.removeAll());

test('which images are warned of, and in which words', async () => {
  const warned: string[] = [];
  for (const platform of platforms) {
    const { there, here } = await two.ask(['create', tagOf(platform)]);
    assert.is(here.code, there.code, `${platform}: ${there.stderr}${here.stderr}`);
    assert.is(here.stderr, there.stderr, platform);
    if (there.stderr !== '') warned.push(platform);
  }
  assert.ok(warned.length > 5 && warned.length < platforms.length - 5, warned.join(' '));
});

test('who asks for the platform is not warned; one that the image is not for is refused', async () => {
  for (const asked of ['linux/arm64', 'arm64', 'linux/arm64/v8']) {
    const { there, here } = await two.ask(['create', '--platform', asked, tagOf('linux/arm64')]);
    assert.equal([here.code, here.stderr], [there.code, there.stderr], asked);
  }
  const { there, here } = await two.ask(['create', '--pull=never', '--platform', 'linux/amd64', tagOf('linux/arm64')]);
  assert.is.not(here.code, 0);
  two.sameGist(there.stderr, here.stderr);
});

test('the warning comes behind the others, and before what the container prints', async () => {
  const words = ['create', '--network', 'host', '-p', '80:80', tagOf('linux/arm64')];
  const { there, here } = await two.ask(words);
  assert.is(here.stderr, there.stderr);
  assert.is(here.stderr.split('\n').length, 3);
});

test.run();
