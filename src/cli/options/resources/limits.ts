import type { DeviceRate } from '../../../cgroup/requested.ts';
import {
  checkUlimit,
  isDeviceWeight,
  refuseKernelMemory,
  refuseRealTime,
  type Ulimit,
} from '../../../container/options/resources.ts';
import { readInteger } from '../../grammar/flags.ts';
import { readBytes } from '../../print/size.ts';

/** The values of the flags about resources. Each reader throws an Error with the reason, in Docker's words. */

/** `--cpus`: a decimal, or a fraction. */
export function readCpus(given: string): number {
  const [, whole, divisor] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:\/(\d+))?$/i.exec(given) ?? [];
  const cpus = Number(whole) / Number(divisor ?? 1);
  if (!Number.isFinite(cpus)) throw new Error(`failed to parse ${given} as a rational number`);
  const billionths = cpus * 1e9;
  // What a decimal of nine digits is off by is far less than what a third is.
  if (Math.abs(billionths - Math.round(billionths)) > 1e-3) throw new Error('value is too precise');
  return cpus;
}

export function readMemorySwap(given: string): number {
  return given === '-1' ? -1 : readBytes(given);
}

/** -1 is as the host has it. */
export function readSwappiness(given: string): number | undefined {
  const value = readInteger(given);
  if (value < -1 || value > 100) throw new Error(`invalid value: ${given}. Valid memory swappiness range is 0-100`);
  return value === -1 ? undefined : value;
}

/** A `uint16`. */
export function readWeight(given: string): number {
  const value = readInteger(given);
  if (value < 0 || value > 65535) throw new Error('value out of range');
  return value;
}

export function readKernelMemory(given: string): undefined {
  refuseKernelMemory(readBytes(given));
  return undefined;
}

export function readRealTime(given: string): undefined {
  refuseRealTime(readInteger(given));
  return undefined;
}

export function readDeviceWeight(given: string): { path: string; weight: number } {
  const { path, value } = readDevice(given);
  const weight = /^\d+$/.test(value) ? Number(value) : -1;
  if (!isDeviceWeight(weight)) throw new Error(`invalid weight for device: ${given}`);
  return { path, weight };
}

export function readBytesPerSecond(given: string): DeviceRate {
  const { path, value } = readDevice(given);
  try {
    return { path, rate: readBytes(value) };
  } catch {
    throw new Error(
      `invalid rate for device: ${given}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
    );
  }
}

export function readOperationsPerSecond(given: string): DeviceRate {
  const { path, value } = readDevice(given);
  if (/^\d+$/.test(value) && Number.isSafeInteger(Number(value))) return { path, rate: Number(value) };
  throw new Error(
    `invalid rate for device: ${given}. The correct format is <device-path>:<number>. Number must be a positive integer`,
  );
}

function readDevice(given: string): { path: string; value: string } {
  const colon = given.indexOf(':');
  if (colon < 0) throw new Error(`bad format: ${given}`);
  const path = given.slice(0, colon);
  if (!path.startsWith('/dev/')) throw new Error(`bad format for device path: ${given}`);
  return { path, value: given.slice(colon + 1) };
}

/** `--ulimit nofile=SOFT[:HARD]` */
export function readUlimit(given: string): Ulimit {
  const [name, ...rest] = given.split('=');
  if (rest.length !== 1) throw new Error(`invalid ulimit argument: ${given}`);
  const ofKind = (soft: number, hard: number) => checkUlimit({ name: name!, soft, hard });
  ofKind(0, 0);
  const values = rest[0]!.split(':');
  if (values.length > 2)
    throw new Error(`too many limit value arguments - ${rest[0]}, can only have up to two, \`soft[:hard]\``);
  const [soft, hard = soft] = values.map(readLimit);
  return ofKind(soft!, hard!);
}

function readLimit(given: string): number {
  const value = readInteger(given);
  if (value < -1) throw new Error(`${given} is no limit: it must be 0 or more, or -1 for unlimited`);
  return value;
}
