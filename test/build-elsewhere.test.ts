// @mounts-nothing its subject is what others make of an image, and whose pieces a RUN is made of
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { context } from './support/context.ts';
import { dockerd } from './support/dockerd.ts';
import { learnersCheckout } from './support/learners-checkout.ts';
import { requires } from './support/requires.ts';

/** What is built here is taken elsewhere: by dockerd, podman and skopeo; and a RUN that is made of a learner's pieces. */
const withDocker = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker');
const withPodman = requires('root', 'busybox', 'overlayfs', 'podman', 'skopeo');
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

const folder = context({
  Dockerfile: `FROM bb
RUN mkdir /w && echo made > /w/made && ln -s made /w/link && chown 5:6 /w/made && rm /bin/ls
COPY f /w/f
ENV A=1
CMD ["cat", "/w/made", "/w/f"]
`,
  f: 'f\n',
});

/** Builds into an archive of this type; the file and the image's id. */
async function written(type: 'docker' | 'oci'): Promise<{ file: string; id: string }> {
  const file = join(temporaryFolder('archive'), 'image.tar');
  const output = ['--output', `type=${type},dest=${file}`];
  const id = await box.ok(['build', '-q', '--network', 'none', '-t', 'written:1', ...output, folder]);
  return { file, id };
}

withDocker('docker load takes --output type=docker: the same id, history and config, and it runs', async () => {
  const { file, id } = await written('docker');
  const { docker } = await dockerd();
  try {
    assert.match(docker(['load', '-i', file]), 'Loaded image: written:1');
    assert.is(
      docker(['inspect', '-f', '{{.Id}} {{.Config.Env}} {{.Config.Cmd}}', 'written:1']),
      [`${id} [PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin A=1]`, '[cat /w/made /w/f]'].join(' '),
    );
    const history = docker(['history', '--no-trunc', '--format', '{{.CreatedBy}}', 'written:1']).split('\n');
    assert.match(
      history.join('\n'),
      /^\/bin\/sh -c #\(nop\) {2}CMD \["cat" "\/w\/made" "\/w\/f"\]\n.*ENV A=1\n.*COPY file:/,
    );
    assert.is(docker(['run', '--rm', '--network', 'none', 'written:1']), 'made\nf');
    const looked = docker([
      'run',
      '--rm',
      '--network',
      'none',
      'written:1',
      'stat',
      '-c',
      '%u:%g',
      '/w/made',
      '/bin/cat',
    ]);
    assert.is(looked, '5:6\n0:0');
  } finally {
    docker(['rmi', '-f', 'written:1']);
  }
});

withPodman('podman load takes --output type=oci, and skopeo copies it', async () => {
  const { file, id } = await written('oci');
  const home = temporaryFolder('podman');
  const roots = ['--root', join(home, 'root'), '--runroot', join(home, 'run'), '--tmpdir', join(home, 'tmp')];
  const words = ['--mount', '--propagation', 'private', 'podman', ...roots, '--storage-driver', 'vfs'];
  const podman = async (...more: string[]) => (await execa('unshare', [...words, ...more])).stdout;
  await podman('load', '-q', '-i', file);
  assert.match(await podman('images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}'), `written:1 ${id}`);
  const copied = join(home, 'copied');
  await execa('skopeo', ['copy', '-q', `oci-archive:${file}`, `dir:${copied}`]);
  const { stdout } = await execa('skopeo', ['inspect', '--config', `dir:${copied}`]);
  assert.equal(JSON.parse(stdout).config.Cmd, ['cat', '/w/made', '/w/f']);
});

test('build --mine: the containers of RUN are made of what a learner wrote', async () => {
  const mine = learnersCheckout();
  const own = context({ Dockerfile: 'FROM bb\nRUN hostname > /name\n' });
  const build = (...flags: string[]) =>
    execa(join(mine.folder, 'bin/minidock'), ['build', '--mine', '--no-cache', '--network', 'none', ...flags, own], {
      reject: false,
      stdin: 'ignore',
      timeout: 120_000,
      env: { ...box.env, XDG_STATE_HOME: mine.state, NODE_EXTRA_CA_CERTS: undefined },
    });
  const solution = mine.solution('03-uts-namespace');
  mine.pass('03-uts-namespace', solution.replace('str(hostname)', "str('of-mine')"));
  const { exitCode, stderr } = await build('-t', 'built');
  assert.is(exitCode, 0, stderr);
  assert.match(stderr, / ✓ utsNamespace +lessons\/03-uts-namespace\/exercise\.ts/);
  assert.is(await box.ok(['run', '--rm', '--network', 'none', 'built', 'cat', '/name']), 'of-mine');
  mine.pass('03-uts-namespace', solution.replace('const name = ', "throw new Error('on purpose');\n  const name = "));
  const broken = await build();
  assert.is(broken.exitCode, 1);
  assert.match(
    broken.stderr,
    /Dockerfile:2: lessons\/03-uts-namespace\/exercise\.ts:\d+:\d+: utsNamespace: Error: on purpose/,
  );
  assert.is(await box.ok(['ps', '-aq']), '');
});

test.run();
