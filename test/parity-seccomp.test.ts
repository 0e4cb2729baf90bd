import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { requires } from './support/requires.ts';
import { because, compare, type Explained, filterOf, olderLibseccomp, rootfs, since } from './support/seccomp.ts';

const test = requires('root', 'gcc', 'busybox', 'dockerd', 'docker', 'x64');

const olderDocker: Explained = {
  'ours allows, theirs says EPERM': {
    ...olderLibseccomp['ours allows, theirs says EPERM'],
    ...because(
      'moby allows them since',
      'name_to_handle_at pkey_alloc pkey_free pkey_mprotect process_vm_readv process_vm_writev',
    ),
  },
  'ours allows, theirs says ENOSYS': {
    ...olderLibseccomp['ours allows, theirs says ENOSYS'],
    ...since('6.5 to 6.7', 'cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue'),
  },
  'ours says EPERM, theirs says ENOSYS': {
    ...olderLibseccomp['ours says EPERM, theirs says ENOSYS'],
    ...since('5.17', 'set_mempolicy_home_node'),
  },
  'ours says ENOSYS, theirs allows': {
    ...because('it makes sockets of families that no filter sees', 'socketcall'),
  },
  'ours says EPERM, theirs allows': {
    ...because('moby 25 took io_uring out', 'io_uring_setup io_uring_enter io_uring_register'),
    ...because('moby lists the families that socket may make; 20.10 allows all', 'socket'),
  },
};

test("Docker's own default profile, and what differs", async () => {
  const daemon = await dockerd();
  const folder = temporaryFolder('docker');
  rootfs(join(folder, 'rootfs'));
  execFileSync('tar', ['-C', join(folder, 'rootfs'), '-cf', join(folder, 'tar'), '.']);
  daemon.docker(['import', join(folder, 'tar'), 'box']);
  const id = daemon.docker(['run', '-d', '--network=none', 'box', '/bin/busybox', 'sleep', '60']);
  const theirs = filterOf(Number(daemon.docker(['inspect', '-f', '{{.State.Pid}}', id])));
  daemon.docker(['rm', '-f', id]);
  compare(theirs, olderDocker);
});

test.run();
