import { availableParallelism } from 'node:os';
import { readBytes } from '../print/size.ts';

/** `-m`. @throws {Error} the reason */
export function readMemory(given: string): number {
  const bytes = readBytes(given);
  if (bytes !== 0 && bytes < 6 * 1024 ** 2) throw new Error('Minimum memory limit allowed is 6MB');
  return bytes;
}

/** `--cpus`. @throws {Error} the reason */
export function readCpus(given: string): number {
  const most = availableParallelism();
  const cpus = /^\d*\.?\d+$/.test(given) ? Number(given) : Number.NaN;
  if (Number.isNaN(cpus)) throw new Error(`failed to parse ${given} as a rational number`);
  if (cpus !== 0 && (cpus < 0.01 || cpus > most)) {
    throw new Error(`Range of CPUs is from 0.01 to ${most}.00, as there are only ${most} CPUs available`);
  }
  return cpus;
}

/** `-w`. @throws {Error} the reason */
export function readWorkdir(given: string): string {
  if (!given.startsWith('/'))
    throw new Error(`the working directory '${given}' is invalid, it needs to be an absolute path`);
  return given;
}
