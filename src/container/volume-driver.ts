import { MinidockError } from '../errors.ts';

/**
 * The driver of a volume: minidock has Docker's `local` and no plugins.
 *
 * @throws {MinidockError} `no-such-volume-driver`
 */
export function checkDriver(driver: string | undefined, volume: string): void {
  if (!driver || driver === 'local') return;
  throw new MinidockError(
    'no-such-volume-driver',
    `create ${volume}: error looking up volume plugin ${driver}: plugin "${driver}" not found`,
    { fix: 'minidock has no plugins: its only driver is local' },
  );
}

const known = ['type', 'device', 'o'];

/**
 * Docker's driver `local` has options by which a volume is a file system that is mounted at its first use. Here a volume is a
 * directory; a container can mount by itself what such options would.
 *
 * @throws {MinidockError} `invalid-volume`, `volume-option`
 */
export function checkDriverOptions(options: Readonly<Record<string, string>>, volume: string): void {
  const names = Object.keys(options);
  const wrong = names.find(name => !known.includes(name));
  if (wrong !== undefined) throw new MinidockError('invalid-volume', `create ${volume}: invalid option: "${wrong}"`);
  if (names.length === 0) return;
  if (!options.device) throw new MinidockError('invalid-volume', `create ${volume}: missing required option: "device"`);
  const shown = known.filter(name => name in options).map(name => `${name}=${options[name]}`);
  throw new MinidockError(
    'volume-option',
    `create ${volume}: a volume is a directory of minidock's here: it mounts nothing by ${shown.join(',')}`,
    { fix: fixFor(options) },
  );
}

function fixFor({ type, device, o = '' }: Readonly<Record<string, string>>): string {
  if (o.split(',').some(word => word === 'bind' || word === 'rbind')) return `minidock run -v ${device}:/PATH`;
  if (type === 'tmpfs') return 'minidock run --mount type=tmpfs,target=/PATH';
  return `mount ${type ?? ''} ${device} on the host, and minidock run -v /THERE:/PATH`.replace('  ', ' ');
}
