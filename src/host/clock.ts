/**
 * Milliseconds on a clock that nobody can set, for how long something takes. It is that of `performance.now`, whose module takes
 * each command a millisecond to load.
 */
export const steadyNow = (): number => process.uptime() * 1000;

/**
 * A moment as RFC 3339 has it, in UTC with milliseconds: what `toISOString` says, which besides asks for the time zone of this
 * machine the first time, and takes as long as ten system calls.
 */
export function timestamp(time = new Date()): string {
  const digits = (number: number, length = 2) => String(number).padStart(length, '0');
  const day = `${digits(time.getUTCFullYear(), 4)}-${digits(time.getUTCMonth() + 1)}-${digits(time.getUTCDate())}`;
  const seconds = `${digits(time.getUTCSeconds())}.${digits(time.getUTCMilliseconds(), 3)}`;
  return `${day}T${digits(time.getUTCHours())}:${digits(time.getUTCMinutes())}:${seconds}Z`;
}
