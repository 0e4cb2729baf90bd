import { normalize } from 'node:path/posix';
import { type Propagation, propagations } from '../rootfs/propagation.ts';
import type { VolumeMount } from '../volumes.ts';

/**
 * `-v`: `/host/dir:/ctr[:OPTIONS]`, `volume:/ctr[:OPTIONS]`, `/ctr` (an anonymous volume).
 *
 * @throws {Error} the reason, in Docker's words
 */
export function readVolume(given: string): VolumeMount {
  const parts = given.split(':');
  const [source, destination, mode] = parts.length === 1 ? [undefined, given] : parts;
  if (parts.length > 3 || destination === undefined || destination === '' || source === '') {
    throw new Error(`invalid volume specification: '${given}'`);
  }
  // What follows the last colon is shown as it was typed, also where it is nothing.
  const options: Options = { readonly: false, ...(mode && readMode(mode)), ...(mode !== undefined && { mode }) };
  if (!destination.startsWith('/')) {
    throw new Error(`invalid mount path: '${destination}' mount path must be absolute`);
  }
  const target = normalize(destination).replace(/(?<=.)\/$/, '');
  if (target === '/') throw new Error(`invalid volume specification: '${given}': destination can't be '/'`);
  const isPath = source?.startsWith('/');
  if (source !== undefined && !isPath) checkVolumeName(source);
  if (isPath && options.noCopy)
    throw new Error(
      `invalid volume specification: '${given}': nocopy is for volumes, and this is a path of the host: nothing is copied there`,
    );
  if (!isPath && options.propagation)
    throw new Error(
      `invalid volume specification: '${given}': ${options.propagation} is for paths of the host, and this is a volume`,
    );
  return { ...(source !== undefined && { source }), destination: target, ...options };
}

type Options = Pick<VolumeMount, 'mode' | 'noCopy' | 'propagation' | 'readonly'>;

/**
 * Docker's options, of each kind at most one. Labels are SELinux's, and containers have none of their own here: what they may
 * reach is not restricted by them. Consistency is of no meaning where host and container share a kernel.
 */
const kinds: readonly ReadonlySet<string>[] = [
  ['ro', 'rw'],
  ['z', 'Z'],
  ['consistent', 'cached', 'delegated'],
  ['nocopy'],
  propagations,
].map(words => new Set(words));

function readMode(mode: string): Options {
  const words = mode.split(',');
  const isKnown = words.every(word => kinds.some(kind => kind.has(word)));
  if (!isKnown || kinds.some(kind => words.filter(word => kind.has(word)).length > 1))
    throw new Error(
      `invalid mode: ${mode} (ro, rw, z, Z, nocopy, consistent, cached, delegated, or one of ${propagations.join(', ')})`,
    );
  const propagation = words.find((word): word is Propagation => propagations.includes(word as Propagation));
  return {
    readonly: words.includes('ro'),
    ...(words.includes('nocopy') && { noCopy: true }),
    ...(propagation !== undefined && { propagation }),
  };
}

function checkVolumeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return;
  if (/^[a-zA-Z0-9]$/.test(name)) {
    throw new Error(`volume name '${name}' is too short, names should be at least two alphanumeric characters`);
  }
  throw new Error(
    `'${name}' includes invalid characters for a local volume name, only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed; to share a host directory give its absolute path`,
  );
}
