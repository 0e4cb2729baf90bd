/**
 * What `npm pack` does first: builds, and refuses where a shim is missing, since the package is for machines without a
 * compiler.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Node's name of the processor, Debian's package of the cross compiler for it. */
const compilers = { x64: 'gcc-x86-64-linux-gnu', arm64: 'gcc-aarch64-linux-gnu' };

const { status, stderr } = spawnSync('npm', ['run', '-s', 'build'], { cwd: root, encoding: 'utf8' });
const programs = ['minidock-shim', 'minidock-init', 'minidock-relay', 'minidock-launch'];
const built = arch => programs.every(name => existsSync(`${root}native/build/${arch}/${name}`));
const missing = Object.keys(compilers).filter(arch => !built(arch));
if (missing.length > 0) {
  const packages = missing.map(arch => compilers[arch]).join(' ');
  console.error(`npm pack: no shim for ${missing.join(' and ')}: install ${packages} and pack again`);
} else if (status !== 0) {
  console.error(stderr);
}
process.exitCode = status || missing.length;
