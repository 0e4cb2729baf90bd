/** `1.98MB`: decimal units, so many significant digits as Docker's tables show (images three, progress four). */
export function humanSize(bytes: number, digits = 4): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}

/** `30.87MiB`: binary units with four significant digits. */
export function binarySize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}

const powers: Readonly<Record<string, number>> = { '': 0, b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * `500m`, `1g`, `64MB`, `1.5GiB`: a size in bytes, in binary units whichever way they are written, as Docker reads `-m`.
 *
 * @throws {Error} the reason
 */
export function readBytes(given: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(given);
  if (match === null) throw new Error(`invalid size: '${given}' (examples: 512m, 1g)`);
  const bytes = Math.floor(Number(match[1]) * 1024 ** powers[match[2]!.toLowerCase()]!);
  if (bytes >= 2 ** 63) throw new Error(`invalid size: '${given}' is more than the kernel counts`);
  return bytes;
}
