import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../images/cache.ts';

/** Debian's kernel as scripts/setup/kernel.mjs unpacks it. */
export interface GuestKernel {
  /** `6.1.0-56-cloud-amd64`. */
  release: string;
  /** What qemu boots. */
  image: string;
  /** lib/modules/RELEASE. */
  modules: string;
}

/** Undefined where the set-up has not fetched it. */
export function guestKernel(): GuestKernel | undefined {
  const folder = join(checkout, '.cache/vm/kernel');
  const modules = ['lib/modules', 'usr/lib/modules'].map(name => join(folder, name)).find(path => existsSync(path));
  const release = modules && readdirSync(modules)[0];
  if (!modules || !release) return undefined;
  return { release, image: join(folder, 'boot', `vmlinuz-${release}`), modules: join(modules, release) };
}
