import { normalize } from 'node:path/posix';
import type { VolumeMount } from '../../container/volumes.ts';

/**
 * `-v`: `/host/dir:/ctr[:ro|rw]`, `volume:/ctr[:ro|rw]`, `/ctr` (an anonymous volume).
 *
 * @throws {Error} the reason, in Docker's words
 */
export function readVolume(given: string): VolumeMount {
  const parts = given.split(':');
  const [source, destination, mode = 'rw'] = parts.length === 1 ? [undefined, given] : parts;
  if (parts.length > 3 || destination === undefined || destination === '' || source === '') {
    throw new Error(`invalid volume specification: '${given}'`);
  }
  if (mode !== 'ro' && mode !== 'rw') throw new Error(`invalid mode: ${mode} (ro and rw are known)`);
  if (!destination.startsWith('/')) {
    throw new Error(`invalid mount path: '${destination}' mount path must be absolute`);
  }
  const target = normalize(destination).replace(/(?<=.)\/$/, '');
  if (target === '/') throw new Error(`invalid volume specification: '${given}': destination can't be '/'`);
  if (source !== undefined && !source.startsWith('/')) checkVolumeName(source);
  return { ...(source === undefined ? {} : { source }), destination: target, readonly: mode === 'ro' };
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
