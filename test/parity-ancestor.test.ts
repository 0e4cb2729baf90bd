// @mounts-nothing its subject is the list of containers
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { sandbox } from './support/minidock.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker');

test('ps -f ancestor: containers of images that were built from one, as Docker lists them', async () => {
  const daemon = await dockerd();
  const box = sandbox();
  const { rootfs } = await busyboxImage();
  const folder = temporaryFolder('context');
  writeFileSync(join(folder, 'page'), 'hello\n');
  const build = (name: string, ...lines: string[]) => {
    writeFileSync(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
    daemon.docker(['build', '-q', '--network', 'none', '-t', name, folder]);
  };
  daemon.docker(['import', rootfs, 'base']);
  daemon.docker(['import', '-c', 'ENV A=1', rootfs, 'twin']);
  build('labelled', 'FROM base', 'LABEL a=1', 'CMD ["true"]');
  build('paged', 'FROM labelled', 'COPY page /');
  const names = ['base', 'twin', 'labelled', 'paged'];
  const archive = join(temporaryFolder('archive'), 'all.tar');
  // With what lies between them, as an intermediate image of a build does: Docker saves the parents it is asked for.
  const all = daemon.docker(['images', '-aq', '--no-trunc']).split('\n');
  daemon.docker(['save', '-o', archive, ...names, ...new Set(all)]);
  await box.ok(['load', '-q', '-i', archive]);
  for (const name of names) {
    daemon.docker(['create', '--network', 'none', '--name', `of-${name}`, name, 'true']);
    await box.ok(['run', '--network', 'none', '--name', `of-${name}`, name, 'true']);
  }
  const id = daemon.docker(['image', 'inspect', '-f', '{{.Id}}', 'labelled']);
  for (const ancestor of [...names, 'base:latest', id, id.slice(7, 19), 'nothing', 'Bad']) {
    const ask = ['ps', '-a', '-f', `ancestor=${ancestor}`, '--format', '{{.Names}}'];
    const theirs = daemon.docker(ask).split('\n').sort();
    // A twin of the same layers has no children in Docker's eyes; what lies on these layers may as well be made from it.
    if (ancestor === 'twin') theirs.push('of-paged');
    assert.equal((await box.ok(ask)).split('\n').sort(), theirs.sort(), ancestor);
  }
  await box.ok(['rm', ...names.map(name => `of-${name}`)]);
});

test.run();
