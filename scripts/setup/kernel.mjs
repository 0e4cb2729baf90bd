import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './exec.mjs';
import { apt } from './packages.mjs';
import { SetupError, say } from './say.mjs';

/** Debian's kernel for virtual machines: a package without files that depends on the newest one. */
const newest = 'linux-image-cloud-amd64';

/**
 * Debian's kernel, taken out of its package and not installed: `.cache/vm/kernel/boot/vmlinuz-*` and `lib/modules/*`. Quick
 * where it is there. Only on Debian and its kin, on x86_64.
 */
export async function fetchKernel(cache) {
  const kernel = join(cache, 'vm/kernel');
  if (existsSync(kernel)) return;
  if (process.arch !== 'x64' || !existsSync('/usr/bin/apt-get')) {
    say(`${newest} is not to be had here; what boots it is skipped`);
    return;
  }
  say(`fetching ${newest} (a kernel to boot in a virtual machine) into .cache/vm; it is unpacked, not installed`);
  mkdirSync(join(cache, 'vm'), { recursive: true });
  const scratch = mkdtempSync(join(cache, 'vm/unpack-'));
  try {
    await apt(['download', '-o', 'APT::Sandbox::User=root', await imageOf(newest)], scratch);
    const archive = readdirSync(scratch).find(name => name.endsWith('.deb'));
    const tree = join(scratch, 'tree');
    const result = await run('dpkg-deb', ['-x', join(scratch, archive), tree]);
    if (result.code !== 0) throw new SetupError(`dpkg-deb could not unpack ${archive}`, undefined, result.output);
    renameSync(tree, kernel);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function imageOf(name) {
  const result = await run('apt-cache', ['depends', '--important', name]);
  const [, image] = /Depends: (linux-image-\S+)/.exec(result.output) ?? [];
  if (image === undefined) throw new SetupError(`${name} is no package of this machine's lists`, 'apt-get update');
  return image;
}
