import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { randomFrom } from '../exercise/evaluate/random.ts';
import type { LabRandom, Several, Values } from './types.ts';

/** Values that follow from `seed` alone. */
export function seededRandom(seed: string): LabRandom {
  let count = 0;
  // 48 bits for a limit of some thousands: no value is likelier than another by more than one in 10¹⁰.
  const below = (limit: number) => hash(`${seed}\0${count++}`).readUIntBE(0, 6) % limit;
  const random = randomFrom(below);
  const sample = <T, Count extends number>(from: readonly T[], many: Count) => {
    const left = [...from];
    return Array.from({ length: many }, () => left.splice(below(left.length), 1)[0]!) as Several<T, Count>;
  };
  return {
    ...random,
    sample,
    words: <Count extends number>(many: Count) => {
      const found = new Set<string>();
      while (found.size < many) found.add(random.word());
      return [...found] as Several<string, Count>;
    },
    port: () => random.integer(20000, 29999),
    network: () => `10.${random.integer(64, 250)}.${random.integer(0, 255)}`,
  };
}

/** By what a machine is told from others (machine-id(5), the host name), as eight digits. */
export function machineOf(): string {
  const id = ['/etc/machine-id', '/var/lib/dbus/machine-id'].map(readIfThere).find(text => text !== '') ?? '';
  return hash(`${id}\0${os.hostname()}`).toString('hex').slice(0, 8);
}

/** Eight digits that two learners share only if one has the other's values. */
export function fingerprintOf(values: Values): string {
  return hash(JSON.stringify(Object.entries(values).sort()))
    .toString('hex')
    .slice(0, 8);
}

const hash = (text: string) => createHash('sha256').update(text).digest();

function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
