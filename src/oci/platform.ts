import { MinidockError } from '../errors.ts';
import type { Descriptor, Index, Platform } from './manifest.ts';
import { manifestTypes } from './media-types.ts';

/** This machine's platform, as images name it. */
export function hostPlatform(): Platform {
  return { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
}

const architectures: Record<string, [architecture: string, variant?: string]> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
  i386: ['386'],
};
const knownArchitectures = ['amd64', '386', 'arm', 'arm64', 'riscv64', 'ppc64le', 's390x', 'mips64le', 'loong64'];

/** `linux/arm64`, `linux/arm/v7`, `arm64`. Throws an Error in Docker's words. */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || parts.some(part => !/^[\w.-]+$/.test(part))) {
    throw new Error(`${JSON.stringify(text)}: cannot parse platform specifier: invalid argument`);
  }
  if (parts.length === 1 && knownSystems.includes(parts[0]!)) return { ...hostPlatform(), os: parts[0]! };
  const [os, given, last] = (parts.length === 1 ? ['linux', ...parts] : parts) as [string, string, string?];
  const [architecture, implied] = architectures[given] ?? [given];
  if (parts.length === 1 && !knownArchitectures.includes(architecture)) {
    throw new Error(`${JSON.stringify(text)}: unknown operating system or architecture: invalid argument`);
  }
  const variant = last ?? implied;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

const knownSystems = ['linux', 'windows', 'darwin', 'freebsd'];

/** The image of an index for a platform; the variant decides only where one was asked for. Throws `no-such-platform`. */
export function choosePlatform(index: Index, wanted: Platform, name: string): Descriptor {
  const images = index.manifests.filter(({ mediaType }) => manifestTypes.includes(mediaType));
  const found = images.find(({ platform }) => platform !== undefined && fits(platform, wanted));
  if (found !== undefined) return found;
  const offered = images
    .map(({ platform }) => platform)
    .filter(p => p !== undefined && p.os !== 'unknown') as Platform[];
  throw new MinidockError(
    'no-such-platform',
    `no matching manifest for ${printPlatform(wanted)} in ${name}, which offers ${offered.map(printPlatform).join(', ') || 'none'}`,
  );
}

/** Whether an image for `platform` is what is wanted. */
export function fits(platform: Platform, wanted: Platform): boolean {
  return (
    platform.os === wanted.os &&
    platform.architecture === wanted.architecture &&
    (wanted.variant === undefined || platform.variant === undefined || platform.variant === wanted.variant)
  );
}

/** `linux/arm/v7`. */
export function printPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter(Boolean).join('/');
}
