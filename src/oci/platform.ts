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

/** The image of an index for a platform, of several the one that fits best. Throws `no-such-platform`. */
export function choosePlatform(index: Index, wanted: Platform, name: string): Descriptor {
  const found = findPlatform(index, wanted);
  if (found !== undefined) return found;
  const offered = imagesOf(index)
    .map(({ platform }) => platform)
    .filter(p => p !== undefined && p.os !== 'unknown') as Platform[];
  throw new MinidockError(
    'no-such-platform',
    `no matching manifest for ${printPlatform(wanted)} in ${name}, which offers ${offered.map(printPlatform).join(', ') || 'none'}`,
  );
}

/** As `choosePlatform`; undefined where there is none. */
export function findPlatform(index: Index, wanted: Platform): Descriptor | undefined {
  const ranked = imagesOf(index)
    .map(image => ({ image, distance: distanceOf(image.platform, wanted) }))
    .filter(({ distance }) => distance < Number.POSITIVE_INFINITY);
  return ranked.sort((a, b) => a.distance - b.distance)[0]?.image;
}

const imagesOf = (index: Index) => index.manifests.filter(({ mediaType }) => manifestTypes.includes(mediaType));

/** Whether an image for `platform` is what is wanted. */
export function fits(platform: Platform, wanted: Platform): boolean {
  return distanceOf(platform, wanted) < Number.POSITIVE_INFINITY;
}

/**
 * Whether a host's processor takes the programs of an image as they are, in Docker's judgement: also those of a 32-bit
 * forerunner.
 */
export function runsOn(image: Platform, host = hostPlatform()): boolean {
  const [architecture, implied] = architectures[image.architecture.toLowerCase()] ?? [image.architecture.toLowerCase()];
  const os = image.os.toLowerCase() || host.os;
  const variant = image.variant || implied;
  if (fits({ os, architecture, ...(variant && { variant }) }, host)) return true;
  const isForerunner =
    host.architecture === 'amd64'
      ? architecture === '386' && !variant
      : host.architecture === 'arm64' && architecture === 'arm' && ['v5', 'v6', 'v7', 'v8'].includes(variant ?? 'v7');
  return os === host.os && isForerunner;
}

/** What an architecture without a variant stands for. An image for amd64/v3 needs instructions that amd64 does not promise. */
const plainVariants: Record<string, string> = { amd64: 'v1', arm64: 'v8', arm: 'v7' };

/** 0 for the wanted platform itself, more for one that serves as well, infinity for one that does not. */
function distanceOf(platform: Platform | undefined, wanted: Platform): number {
  if (platform?.os !== wanted.os || platform.architecture !== wanted.architecture) return Number.POSITIVE_INFINITY;
  const [theirs, ours] = [platform, wanted].map(one => one.variant ?? plainVariants[one.architecture]);
  if (theirs === ours) return 0;
  if (wanted.architecture !== 'arm') return Number.POSITIVE_INFINITY;
  // A processor runs images that were built for earlier variants.
  const newer = Number(ours?.slice(1)) - Number(theirs?.slice(1));
  if (newer > 0) return newer;
  // Where an image names no variant, Docker assumes that it fits.
  return platform.variant === undefined ? 100 : Number.POSITIVE_INFINITY;
}

/** `linux/arm/v7`; `unknown` where an image does not say. */
export function printPlatform({ os, architecture, variant }: Platform): string {
  if (os === '') return 'unknown';
  return [os, architecture, variant].filter(Boolean).join('/');
}
