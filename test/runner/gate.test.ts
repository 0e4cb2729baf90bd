import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gateRequirements } from '../support/requires.ts';

const { programsFor } = await import(new URL('../../scripts/setup/packages.mjs', import.meta.url).href);

/** What comes with a program that is installed, and what every Debian has. */
const also: Record<string, string[]> = {
  'docker-compose': ['python3-docker'],
  dockerd: ['docker', 'docker-20.10'],
  ip: ['bridge'],
  'mkfs.ext4': ['lsattr'],
  // scripts/setup/kernel.mjs
  'qemu-system-x86_64': ['vm-kernel'],
  unshare: ['nsenter', 'setpriv'],
};
const everywhere = ['root', 'overlayfs', 'apt-get', 'chroot', 'ldd', 'npm'];

test('the gate installs every program that its tests may require', () => {
  const installed: string[] = programsFor('gate');
  const met = [...everywhere, ...installed, ...installed.flatMap(name => also[name] ?? [])];
  assert.equal(
    gateRequirements.filter(name => !met.includes(name)),
    [],
  );
});

test.run();
