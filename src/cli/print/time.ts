/** `2026-11-20 19:14:16 +0000 UTC`, as templates see times. @param time RFC 3339 */
export function goTime(time: string): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
}

/** RFC 3339 with nine digits of the second and this machine's offset: `2026-11-20T20:14:16.123456789+01:00`. */
export function localTime(nanoseconds: bigint): string {
  const date = new Date(Number(nanoseconds / 1_000_000n));
  const offset = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19);
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  const size = Math.abs(offset);
  const zone = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`;
  return `${local}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}${zone}`;
}
