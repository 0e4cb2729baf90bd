import { timeAgo } from '../../../api/shapes/ago.ts';
import type { DiskUsage } from '../../../engine/nouns/system.ts';
import type { Listing, Row } from '../../print/listing.ts';
import { humanSize } from '../../print/size.ts';
import { goTime } from '../../print/time.ts';
import { containerHeadings, containerRow } from '../container/row.ts';
import { imageHeadings, imageRows } from '../image/row.ts';
import { volumeHeadings, volumeRow } from '../volume/row.ts';

/** A part of `system df -v`: a table of its own, and a list of rows to a template. */
export interface Section {
  /** The line before the table. */
  readonly title: string;
  readonly listing: Listing;
  readonly rows: readonly Row[];
}

/**
 * The parts of `system df -v` by the names that templates know them by, in Docker's order.
 *
 * @param truncate shorten ids and commands, as the tables do
 */
export function sectionsOf(usage: DiskUsage, truncate: boolean) {
  return {
    Images: images(usage, truncate),
    Containers: containers(usage, truncate),
    Volumes: volumes(usage),
    BuildCache: buildCache(usage, truncate),
  };
}

function images({ images }: DiskUsage, truncate: boolean): Section {
  return {
    title: 'Images space usage:',
    listing: {
      headings: imageHeadings,
      columns: ['Repository', 'Tag', 'ID', 'CreatedSince', 'VirtualSize', 'SharedSize', 'UniqueSize', 'Containers'],
      type: 'formatter.imageContext',
    },
    rows: images.flatMap(({ image, sharedBytes, containers }) =>
      // As in Docker an image is there once, by its first name.
      imageRows({ image, tags: image.repoTags.slice(0, 1), onlyTags: false }, { truncate, digests: false }).map(
        row => ({
          ...row,
          // Nobody asked for digests.
          Digest: '',
          SharedSize: humanSize(sharedBytes),
          UniqueSize: humanSize(image.size - sharedBytes),
          Containers: String(containers),
        }),
      ),
    ),
  };
}

function containers({ containers }: DiskUsage, truncate: boolean): Section {
  const now = Date.now();
  return {
    title: 'Containers space usage:',
    listing: {
      headings: containerHeadings,
      columns: ['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names'],
      type: 'formatter.containerContext',
    },
    rows: containers.map(({ record, bytes }) => ({
      ...containerRow(record, now, { truncate }),
      Size: humanSize(bytes, 3),
    })),
  };
}

function volumes({ volumes }: DiskUsage): Section {
  return {
    title: 'Local Volumes space usage:',
    listing: {
      headings: volumeHeadings,
      columns: ['Name', 'Links', 'Size'],
      type: 'formatter.volumeContext',
    },
    rows: volumes.map(({ volume, bytes, links }) => ({
      ...volumeRow(volume),
      Links: String(links),
      Size: humanSize(bytes),
    })),
  };
}

const buildCacheHeadings: Row = {
  ID: 'CACHE ID',
  CacheType: 'CACHE TYPE',
  Size: 'SIZE',
  CreatedSince: 'CREATED',
  LastUsedSince: 'LAST USED',
  UsageCount: 'USAGE',
  Shared: 'SHARED',
  CreatedAt: 'CREATED AT',
  Description: 'DESCRIPTION',
  InUse: 'IN USE',
  LastUsedAt: 'LAST USED AT',
  Parent: 'PARENT',
};

function buildCache({ buildCache }: DiskUsage, truncate: boolean): Section {
  const now = Date.now();
  const bytes = buildCache.reduce((sum, one) => sum + one.bytes, 0);
  return {
    title: `Build cache usage: ${humanSize(bytes)}`,
    listing: {
      headings: buildCacheHeadings,
      columns: ['ID', 'CacheType', 'Size', 'CreatedSince', 'LastUsedSince', 'UsageCount', 'Shared'],
      type: 'formatter.buildCacheContext',
    },
    rows: buildCache.map(({ id, kind, what, bytes, time, inUse }) => {
      const created = new Date(time).toISOString();
      return {
        ID: truncate ? id.slice(0, 12) : id,
        CacheType: kind === 'step' ? 'regular' : 'exec.cachemount',
        Size: humanSize(bytes),
        CreatedSince: timeAgo(created, now),
        CreatedAt: goTime(created),
        // Nobody writes down when a step is taken from the cache.
        LastUsedSince: '',
        LastUsedAt: '',
        UsageCount: inUse ? '1' : '0',
        InUse: String(inUse),
        Shared: String(inUse),
        Description: what,
        Parent: '',
      };
    }),
  };
}
