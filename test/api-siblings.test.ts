// @mounts-nothing what containers mount is seen by other files; here one of them asks over HTTP
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { type Daemon, startDaemon } from './support/daemon.ts';
import { docker2010, requires } from './support/requires.ts';

/** A container that has our socket and Docker's command line manages the engine that it runs on, as Portainer does. */
const test = requires('root', 'overlayfs', 'busybox', 'docker-20.10', 'ldd');
let daemon: Daemon;
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
});
test.after(async () => {
  await box.removeAll();
  await daemon.end();
});

test('a container that has the socket lists its siblings, starts, enters and stops them', async () => {
  const client = docker2010()!;
  const linked = (await execa('ldd', [client], { reject: false })).stdout;
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
  const shared = libraries.flatMap(path => ['-v', `${path}:${path}:ro`]);
  await box.start('echo born; exec sleep 1000', '--name', 'sibling');
  const script = `set -e
    docker ps --format '{{.Names}}' | sort
    docker -H unix:///var/run/docker.sock exec sibling echo inside
    until docker logs sibling | grep born; do sleep 0.1; done
    docker stop -t 0 sibling
    docker ps -q | wc -l
    docker run --rm --network none bb echo started
    docker rm sibling`;
  const socket = ['-v', `${daemon.socket}:/var/run/docker.sock`, '-v', `${client}:/bin/docker:ro`];
  const flags = ['--rm', '--name', 'manager', '--network', 'none', ...socket, ...shared];
  const said = await box.ok(['run', ...flags, 'bb', 'sh', '-c', script]);
  assert.is(said, 'manager\nsibling\ninside\nborn\nsibling\n1\nstarted\nsibling');
  assert.is(await box.ok(['ps', '-aq']), '');
});

test.run();
