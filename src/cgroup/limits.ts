import type { BlockIO, DeviceNumber, DeviceRule, Resources, ThrottledDevice } from '../oci/runtime-spec.ts';
import { checkLimits, type LimitHost, withoutDiscarded } from './check-limits.ts';
import type { DeviceRate, RequestedLimits } from './requested.ts';

const period = 100_000;

/**
 * The flags as OCI resources, with the default device rules. `deviceNumber` finds what is behind a path of the host. Throws
 * `MinidockError` (exit 125) for what Docker refuses, in its words. What this host cannot keep, and Docker only warns of
 * (`limitWarnings`), is left out.
 */
export function resourcesFor(
  requested: RequestedLimits,
  host: LimitHost,
  deviceNumber: (path: string) => DeviceNumber = noDevices,
): Resources {
  checkLimits(requested, host);
  return { devices: defaultDeviceRules, ...limitsFor(withoutDiscarded(requested, host), deviceNumber) };
}

/** Only what is limited: what `update` changes in a group that is there. */
export function limitsFor(
  requested: RequestedLimits,
  deviceNumber: (path: string) => DeviceNumber,
): Omit<Resources, 'devices'> {
  const { memory, memorySwap, pidsLimit } = requested;
  const memoryPart = present({
    limit: memory || undefined,
    // Swap as much again as memory, which is Docker's rule where --memory-swap is missing.
    swap: memorySwap || (memory ? 2 * memory : undefined),
    reservation: requested.memoryReservation || undefined,
    swappiness: requested.memorySwappiness,
    disableOOMKiller: requested.oomKillDisable || undefined,
  });
  const limits = present({
    memory: memoryPart,
    cpu: cpuPart(requested),
    pids: pidsLimit && pidsLimit > 0 ? { limit: pidsLimit } : undefined,
    blockIO: blockPart(requested, deviceNumber),
  }) as Omit<Resources, 'devices'> | undefined;
  return limits ?? {};
}

function cpuPart(requested: RequestedLimits): Resources['cpu'] {
  const { cpus } = requested;
  return present({
    shares: requested.cpuShares || undefined,
    // Docker counts billionths of a CPU, and leaves out what is less than a microsecond.
    quota: cpus ? Math.floor((Math.round(cpus * 1e9) * period) / 1e9) : requested.cpuQuota || undefined,
    period: cpus ? period : requested.cpuPeriod || undefined,
    cpus: requested.cpusetCpus || undefined,
    mems: requested.cpusetMems || undefined,
  });
}

function blockPart(requested: RequestedLimits, deviceNumber: (path: string) => DeviceNumber): BlockIO | undefined {
  const rates = (devices: DeviceRate[] | undefined): ThrottledDevice[] | undefined =>
    devices?.map(({ path, rate }) => ({ ...deviceNumber(path), rate }));
  return present({
    weight: requested.blkioWeight || undefined,
    weightDevice: requested.blkioWeightDevice?.map(({ path, weight }) => ({ ...deviceNumber(path), weight })),
    throttleReadBpsDevice: rates(requested.deviceReadBps),
    throttleWriteBpsDevice: rates(requested.deviceWriteBps),
    throttleReadIOPSDevice: rates(requested.deviceReadIops),
    throttleWriteIOPSDevice: rates(requested.deviceWriteIops),
  });
}

const noDevices = (path: string): never => {
  throw new Error(`nobody said what ${path} is`);
};

/** Without the fields that are not set; undefined where none is. */
function present<T extends object>(part: T): T | undefined {
  const given = Object.entries(part).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : (Object.fromEntries(given) as T);
}

const everything = 'rwm';
const character = (major: number, minor?: number): DeviceRule => ({
  allow: true,
  type: 'c',
  major,
  minor,
  access: everything,
});

/**
 * Docker's rules: nothing, but any node may be made (it cannot be opened), and what every program expects may be used.
 * runc before 1.2 also allowed /dev/net/tun (10:200); it is left out, as there since.
 */
export const defaultDeviceRules: DeviceRule[] = [
  { allow: false, access: everything },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  character(1, 3), // null
  character(1, 5), // zero
  character(1, 7), // full
  character(1, 8), // random
  character(1, 9), // urandom
  character(5, 0), // tty
  character(5, 1), // console
  character(5, 2), // ptmx
  character(136), // pts/*
];
