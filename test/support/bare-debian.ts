import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { must } from '../../scripts/images/layout.ts';
import { nginxImage } from '../../scripts/images/nginx.ts';
import { temporaryFolder } from './cleanup.ts';
import { findProgram } from './requires.ts';

/** A Debian as debootstrap leaves it (minbase), with this machine's Node and npm copied into it. */
export interface BareDebian {
  /** Its root, as this machine sees it. Removed at the end. */
  tree: string;
  /** Runs a script of sh there, on a machine without a network. `shared` is a folder of ours that is there under its own path. */
  run(script: string, shared: string, env?: Record<string, string>): { code: number | null; out: string; err: string };
}

/**
 * The tree is the one of the nginx image, made once by debootstrap: nginx-light in it is neither a compiler nor in our way.
 * A command has mount, pid, network, uts and ipc namespaces of its own, which end with it.
 */
export async function bareDebian(): Promise<BareDebian> {
  const tree = temporaryFolder('debian');
  must('tar', ['-xpf', (await nginxImage()).rootfs, '-C', tree, '--numeric-owner']);
  const local = join(tree, 'usr/local');
  copyFileSync(process.execPath, join(local, 'bin/node'));
  const npm = dirname(dirname(realpathSync(findProgram('npm')!)));
  cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  writeFileSync(join(tree, 'etc/resolv.conf'), '');
  const enter = [
    'set -e',
    'mount --bind "$0" "$0"',
    'mount -t proc proc "$0/proc"; mount -t sysfs sysfs "$0/sys"; mount --rbind /sys/fs/cgroup "$0/sys/fs/cgroup"',
    'mount --rbind /dev "$0/dev"; mount --bind "$1" "$0$1"',
    // Not chroot alone: / has to be a mount, as it is on any machine.
    'cd "$0"; pivot_root . .; umount -l .; exec chroot . /bin/sh -c "$2"',
  ].join('\n');
  const isolate = ['--mount', '--pid', '--fork', '--kill-child', '--net', '--uts', '--ipc', '--propagation', 'private'];
  return {
    tree,
    run(script, shared, env = {}) {
      mkdirSync(join(tree, shared), { recursive: true });
      const { status, stdout, stderr } = spawnSync('unshare', [...isolate, 'sh', '-c', enter, tree, shared, script], {
        encoding: 'utf8',
        timeout: 60_000,
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...env },
      });
      return { code: status, out: stdout, err: stderr };
    },
  };
}
