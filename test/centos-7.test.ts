// @mounts-nothing it makes no containers
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { temporaryFolder } from './support/cleanup.ts';
import { checkout, requires } from './support/requires.ts';

/**
 * labs/vm/centos-7.sh, rehearsed: in a mount namespace whose /etc and /usr/local are copies in memory, with stand-ins for the programs that
 * change a machine. What it asks of them and what it writes is looked at; CentOS itself is not here.
 */
const test = requires('root', 'overlayfs', 'unshare');
const folder = temporaryFolder('centos');
const version = '20.0.0';
const name = `node-v${version}-linux-x64-glibc-217`;

/** A program that notes how it was called. */
function standIn(program: string, script = ''): void {
  const text = `#!/bin/sh\necho "${program} $*" >> ${folder}/typed\n${script}\n`;
  writeFileSync(join(folder, 'bin', program), text, { mode: 0o755 });
}

test.before(() => {
  for (const part of ['bin', 'mirror', 'node/bin', 'yum.repos.d']) mkdirSync(join(folder, part), { recursive: true });
  for (const program of ['yum', 'sysctl', 'modprobe']) standIn(program);
  standIn('node', 'exit 1');
  standIn('curl', `cp "${folder}/mirror/\${4##*/}" "$3"`);
  standIn('xfs_info', 'echo "naming =version 2 ftype=1"');
  writeFileSync(join(folder, 'node/bin/node'), `#!/bin/sh\necho v${version}\n`, { mode: 0o755 });
  assert.is(spawnSync('tar', ['-cJf', join(folder, 'mirror', `${name}.tar.xz`), '-C', folder, 'node']).status, 0);
  const repository = ['[base]', 'mirrorlist=http://mirrorlist.centos.org/?release=$releasever&repo=os'];
  const commented = '#baseurl=http://mirror.centos.org/centos/$releasever/os/$basearch/';
  writeFileSync(join(folder, 'yum.repos.d/CentOS-Base.repo'), `${[...repository, commented].join('\n')}\n`);
});

const sums = (sum: string) => writeFileSync(join(folder, 'mirror/SHASUMS256.txt'), `${sum}  ${name}.tar.xz\n`);

/** Runs the script on such a machine, then `look`. */
function rehearse(look: string) {
  writeFileSync(join(folder, 'typed'), '');
  const machine = `
    mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w /mnt/v /mnt/x
    mount -t overlay -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w none /etc
    mount -t overlay -o lowerdir=/usr/local,upperdir=/mnt/v,workdir=/mnt/x none /usr/local
    rm -f /usr/local/bin/node
    echo 'CentOS Linux release 7.9.2009 (Core)' > /etc/centos-release
    mkdir -p /etc/yum.repos.d /etc/sysctl.d /etc/modules-load.d
    cp ${folder}/yum.repos.d/* /etc/yum.repos.d/
    script() { PATH=${folder}/bin:$PATH NODE_VERSION=${version} NODE_MIRROR=http://mirror bash ${checkout}/labs/vm/centos-7.sh; }
    ${look}`;
  const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'bash', '-ec', machine], { encoding: 'utf8' });
  return { status, stdout, stderr, typed: readFileSync(join(folder, 'typed'), 'utf8') };
}

test('a CentOS 7 as it was installed: packages from the vault, Node with its checksum, settings; a second run changes nothing', () => {
  sums(
    createHash('sha256')
      .update(readFileSync(join(folder, 'mirror', `${name}.tar.xz`)))
      .digest('hex'),
  );
  const { status, stdout, stderr, typed } = rehearse(`
    script >/dev/null
    first=$(cat /etc/yum.repos.d/* /etc/sysctl.d/90-minidock.conf /etc/modules-load.d/minidock.conf)
    script >/dev/null
    [ "$first" = "$(cat /etc/yum.repos.d/* /etc/sysctl.d/90-minidock.conf /etc/modules-load.d/minidock.conf)" ]
    echo "$first"
    /usr/local/bin/node`);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^baseurl=http:\/\/vault\.centos\.org\/7\.9\.2009\/os\/\$basearch\/$/m);
  assert.not.match(stdout, /^mirrorlist=/m);
  assert.match(stdout, /^user\.max_user_namespaces = 15000\nfs\.may_detach_mounts = 1\noverlay\nv20\.0\.0\n$/m);
  assert.match(typed, /^yum install -y -q gcc make .*iptables.*\n(.*\n)*sysctl -q --system\nmodprobe overlay\n/);
});

test('a Node that is not what its checksum says is not installed; another system is refused', () => {
  sums('0'.repeat(64));
  const { status, stderr, stdout } = rehearse('script || echo "ended with $?"; ls /usr/local/bin/node 2>&1 || true');
  assert.is(status, 0, stderr);
  assert.match(
    stderr,
    new RegExp(`centos-7: ${name}\\.tar\\.xz is not what its checksum says\n {2}fix: run this again\n$`),
  );
  assert.match(stdout, /ended with 1\n.*No such file/);
  const other = rehearse("echo 'Debian' > /etc/centos-release; script");
  assert.is(other.status, 1);
  assert.match(other.stderr, /^centos-7: this is not CentOS 7\n {2}fix: /);
  assert.is(other.typed, '');
});

test.run();
