import { MinidockError } from '../errors.ts';
import type { Descriptor, Index, Platform } from '../image/manifest.ts';
import { manifestTypes } from '../image/media-types.ts';

/** This machine's platform, as images name it. */
export function hostPlatform(): Platform {
  return { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
}

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

function fits(platform: Platform, wanted: Platform): boolean {
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
