import { MinidockError } from '../../errors.ts';
import { signals } from './flags.ts';

/** Names of signal(7) beside those that the kernel's headers have first. */
const aliases: Readonly<Record<string, number>> = { SIGCLD: 17, SIGIOT: 6, SIGPOLL: 29 };

/** The real-time signals that programs have: the C library keeps 32 and 33 to itself. */
const first = 34;
const last = 64;

/** A signal by name, with or without SIG (`TERM`, `RTMIN+3`), or by number. Throws `invalid-signal`. */
export function signalNumber(name: string): number {
  const upper = name.toUpperCase();
  const number = /^\d+$/.test(name) ? Number(name) : numberOf(upper.startsWith('SIG') ? upper : `SIG${upper}`);
  if (number !== undefined && ((number >= 1 && number <= 31) || (number >= first && number <= last))) return number;
  throw new MinidockError('invalid-signal', `Invalid signal: ${name}`, { fix: '`kill -l` lists them' });
}

function numberOf(name: string): number | undefined {
  const known: Readonly<Record<string, number>> = { ...signals, ...aliases };
  const [, end, distance = '0'] = /^SIGRT(MIN(?=$|\+)|MAX(?=$|-))(?:[+-](\d{1,2}))?$/.exec(name) ?? [];
  if (end === undefined) return Object.hasOwn(known, name) ? known[name] : undefined;
  // As in Docker: up to RTMIN+15 and RTMAX-14, which are neighbours.
  const most = end === 'MIN' ? 15 : 14;
  if (Number(distance) > most) return undefined;
  return end === 'MIN' ? first + Number(distance) : last - Number(distance);
}
