import { MinidockError } from '../../errors.ts';
import { type CapabilityName, capabilityNames } from '../../syscalls/uapi/capabilities.ts';
import type { SecurityOptions } from '../options/security.ts';
import { defaultCapabilities } from '../process/capabilities.ts';

const all = 'ALL';

/** `net_admin`, `NET_ADMIN`, `CAP_NET_ADMIN` → `CAP_NET_ADMIN`; `all` → `ALL`. @throws {Error} in Docker's words */
export function readCapability(given: string): string {
  const upper = given.toUpperCase();
  if (upper === all) return all;
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if ((capabilityNames as readonly string[]).includes(name)) return name;
  throw new Error(`unknown capability: "${name}"`);
}

/**
 * The bounding set: Docker's default, without `capDrop` and with `capAdd`. With `ALL` added it is everything that is not
 * dropped by name; with `ALL` dropped, only what is added. `ALL` means what this host can give. A capability that is asked for
 * by name and that the host lacks is refused.
 *
 * @param host the bounding set of minidock itself
 * @throws {MinidockError} `invalid-capability`
 */
export function allowedCapabilities(
  { capAdd = [], capDrop = [], privileged }: SecurityOptions,
  host: ReadonlySet<CapabilityName>,
): CapabilityName[] {
  const ofHost = capabilityNames.filter(name => host.has(name));
  const add = named(capAdd, 'CapAdd');
  const drop = named(capDrop, 'CapDrop');
  if (privileged) return ofHost;
  if (add.includes(all)) return ofHost.filter(name => !drop.includes(name));
  const missing = add.find(name => !host.has(name as CapabilityName));
  if (missing !== undefined)
    throw new MinidockError(
      'invalid-capability',
      `${missing} cannot be given to a container: minidock itself runs without it`,
      {
        fix: 'grep CapBnd /proc/self/status shows what there is to give',
      },
    );
  const kept = drop.includes(all) ? [] : defaultCapabilities.filter(name => !drop.includes(name));
  return ofHost.filter(name => kept.includes(name) || add.includes(name));
}

function named(given: readonly string[], field: string): string[] {
  try {
    return given.map(readCapability);
  } catch (error) {
    throw new MinidockError('invalid-capability', `invalid ${field}: ${(error as Error).message}`, {
      fix: 'man 7 capabilities lists them',
    });
  }
}
