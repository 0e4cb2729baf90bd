const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** A length of time as Go reads it, `1h30m`, `1.5s`, `-10ms`, in nanoseconds. Throws in Go's words. */
export function readDuration(given: string): number {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(given) ?? [];
  if (rest === '0') return 0;
  const parts = [...rest.matchAll(/(\d+\.?\d*|\.\d+)([^\d.]*)/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== rest)
    throw new Error(`time: invalid duration ${JSON.stringify(given)}`);
  let total = 0;
  for (const [, number, unit = ''] of parts) {
    if (unit === '')
      throw new Error(`time: missing unit in duration ${JSON.stringify(given)}: it is 30s, 1m30s, 500ms`);
    const size = units[unit];
    if (size === undefined)
      throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(given)}`);
    total += Number(number) * size;
  }
  if (total > Number(2n ** 63n - 1n)) throw new Error(`time: invalid duration ${JSON.stringify(given)}`);
  return sign === '-' ? -total : total;
}
