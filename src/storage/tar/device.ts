import type fs from 'node:fs';

/** Of a device, as Node gives its number: that of glibc's makedev(3), with 12 bits of major and 20 of minor in use. */
export function deviceOf(stats: fs.Stats): { major: number; minor: number } {
  return { major: (stats.rdev >>> 8) & 0xfff, minor: (stats.rdev & 0xff) | ((stats.rdev >>> 12) & 0xfff00) };
}
