import { MinidockError } from '../errors.ts';
import type { DeviceRule, Resources } from '../oci/runtime-spec.ts';

const period = 100_000;
const smallestMemory = 6 * 1024 * 1024;

/** Limits as the flags give them: bytes, CPUs as a fraction, a count. Zero, as missing, is no limit. */
export interface RequestedLimits {
  memory?: number;
  cpus?: number;
  /** Negative is no limit either. */
  pidsLimit?: number;
}

/**
 * The flags as OCI resources, with the default device rules. `cpus` is how many CPUs this host has. Throws `MinidockError`
 * (exit 125) for what Docker refuses, in its words.
 */
export function resourcesFor(requested: RequestedLimits, host: { cpus: number }): Resources {
  const { memory, cpus, pidsLimit } = requested;
  if (memory && memory < smallestMemory) {
    throw refused('Minimum memory limit allowed is 6MB', `--memory ${memory} is too little for a process to start`);
  }
  if (cpus && !(cpus >= 0.01 && cpus <= host.cpus)) {
    const range = `Range of CPUs is from 0.01 to ${host.cpus.toFixed(2)}, as there are only ${host.cpus} CPUs available`;
    throw refused(range, `--cpus ${cpus} is outside of it`);
  }
  return {
    devices: defaultDeviceRules,
    // Swap as much again as memory, which is Docker's rule where --memory-swap is missing.
    ...(memory && { memory: { limit: memory, swap: 2 * memory } }),
    ...(cpus && { cpu: { quota: Math.round(cpus * period), period } }),
    ...(pidsLimit && pidsLimit > 0 && { pids: { limit: pidsLimit } }),
  };
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

function refused(message: string, detail: string): MinidockError {
  return new MinidockError('bad-limit', `${message}: ${detail}`);
}
