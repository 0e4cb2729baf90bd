import { MinidockError } from '../../errors.ts';
import { signals } from '../../syscalls/uapi/flags.ts';

/** A signal by name, with or without SIG, or by number. Throws `invalid-signal`. */
export function signalNumber(name: string): number {
  const upper = name.toUpperCase();
  const number = /^\d+$/.test(name)
    ? Number(name)
    : (signals as Record<string, number>)[upper.startsWith('SIG') ? upper : `SIG${upper}`];
  if (number !== undefined && number >= 1 && number <= 64) return number;
  throw new MinidockError('invalid-signal', `Invalid signal: ${name}`, { fix: '`kill -l` lists them' });
}
