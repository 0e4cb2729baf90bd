const units: readonly (readonly [string, number])[] = [
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
];

/** A length of time as Go prints it: `1h0m30s`, `1.5s`, `250ms`. */
export function durationText(nanoseconds: number): string {
  const magnitude = Math.abs(nanoseconds);
  if (magnitude === 0) return '0s';
  const sign = nanoseconds < 0 ? '-' : '';
  if (magnitude < 1e9) {
    const [unit, size] = units.find(([, size]) => magnitude >= size)!;
    return `${sign}${magnitude / size}${unit}`;
  }
  const minutes = Math.floor(magnitude / 60e9);
  const seconds = `${(magnitude - minutes * 60e9) / 1e9}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return `${sign}${hours === 0 ? '' : `${hours}h`}${minutes % 60}m${seconds}`;
}
