import { timeAgo } from '../../../api/shapes/ago.ts';
import { isUp } from '../../../container/record.ts';
import type { DiskUsage } from '../../../engine/nouns/system.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { usageError } from '../../grammar/usage.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printListing, type Row } from '../../print/listing.ts';
import { humanSize } from '../../print/size.ts';
import { printTable } from '../../print/table.ts';
import { containerRow } from '../container/row.ts';

const headings: Row = {
  Type: 'TYPE',
  TotalCount: 'TOTAL',
  Active: 'ACTIVE',
  Size: 'SIZE',
  Reclaimable: 'RECLAIMABLE',
};

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    format: text(`'table', 'table TEMPLATE', 'json' or a Go template`, { completes: ['json', 'table'] }),
    verbose: toggle('Show what each image, container and volume takes', { short: 'v' }),
  },
  operands: [0, 0],
  async run(context, flags) {
    if (flags.verbose && flags.format !== undefined)
      throw usageError('the verbose and the format options conflict', { exitCode: 1 });
    const engine = await context.engine();
    const usage = await engine.system.diskUsage();
    if (flags.verbose) context.output.out(verbose(usage));
    else
      await printListing(context.output, summary(usage), flags.format, {
        headings,
        columns: Object.keys(headings),
        type: 'formatter.diskUsageContext',
      });
    return 0;
  },
});

/** Docker's tables show sizes with four digits here, and of images' lists with three. */
const size = (bytes: number) => humanSize(bytes, 4);

const total = (bytes: readonly number[]) => bytes.reduce((sum, one) => sum + one, 0);

function summary({ images, layerBytes, containers, volumes, buildCache }: DiskUsage): Row[] {
  const usedImages = images.filter(({ containers }) => containers > 0);
  const inUse = total(usedImages.map(({ image, sharedBytes }) => image.size - sharedBytes));
  const up = containers.filter(({ record }) => isUp(record));
  const containerBytes = total(containers.map(({ bytes }) => bytes));
  const linked = volumes.filter(({ links }) => links > 0);
  const volumeBytes = total(volumes.map(({ bytes }) => bytes));
  const row = (type: string, count: number, active: number, bytes: number, used: number): Row => ({
    Type: type,
    TotalCount: String(count),
    Active: String(active),
    Size: size(bytes),
    Reclaimable: size(bytes - used) + (bytes > 0 ? ` (${Math.floor(((bytes - used) * 100) / bytes)}%)` : ''),
  });
  return [
    row('Images', images.length, usedImages.length, layerBytes, inUse),
    row('Containers', containers.length, up.length, containerBytes, total(up.map(({ bytes }) => bytes))),
    row('Local Volumes', volumes.length, linked.length, volumeBytes, total(linked.map(({ bytes }) => bytes))),
    row(
      'Build Cache',
      buildCache.length,
      buildCache.filter(({ inUse }) => inUse).length,
      total(buildCache.map(({ bytes }) => bytes)),
      0,
    ),
  ];
}

function verbose({ images, containers, volumes, buildCache }: DiskUsage): string {
  const now = Date.now();
  const imageRows = images.flatMap(({ image, sharedBytes, containers }) => {
    const names = image.repoTags.length > 0 ? image.repoTags : ['<none>:<none>'];
    return names.map(name => {
      const colon = name.lastIndexOf(':');
      const id = image.id.replace('sha256:', '').slice(0, 12);
      const sizes = [image.size, sharedBytes, image.size - sharedBytes].map(size);
      return [
        name.slice(0, colon),
        name.slice(colon + 1),
        id,
        timeAgo(image.created, now),
        ...sizes,
        String(containers),
      ];
    });
  });
  const containerRows = containers.map(({ record, bytes }) => {
    const row = containerRow(record, now, { truncate: true });
    return [
      row.ID!,
      row.Image!,
      row.Command!,
      row.LocalVolumes!,
      size(bytes),
      row.RunningFor!,
      row.Status!,
      row.Names!,
    ];
  });
  return [
    'Images space usage:\n\n',
    printTable([
      ['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE', 'SHARED SIZE', 'UNIQUE SIZE', 'CONTAINERS'],
      ...imageRows,
    ]),
    '\nContainers space usage:\n\n',
    printTable([
      ['CONTAINER ID', 'IMAGE', 'COMMAND', 'LOCAL VOLUMES', 'SIZE', 'CREATED', 'STATUS', 'NAMES'],
      ...containerRows,
    ]),
    '\nLocal Volumes space usage:\n\n',
    printTable([
      ['VOLUME NAME', 'LINKS', 'SIZE'],
      ...volumes.map(({ volume, links, bytes }) => [volume.name, String(links), size(bytes)]),
    ]),
    `\nBuild cache usage: ${size(total(buildCache.map(({ bytes }) => bytes)))}\n\n`,
    printTable([
      ['CACHE ID', 'CACHE TYPE', 'SIZE', 'CREATED', 'LAST USED', 'USAGE', 'SHARED'],
      ...buildCache.map(({ id, kind, bytes, time, inUse }) => [
        id.slice(0, 12),
        kind === 'step' ? 'regular' : 'exec.cachemount',
        size(bytes),
        timeAgo(new Date(time).toISOString(), now),
        '',
        inUse ? '1' : '0',
        String(inUse),
      ]),
    ]),
  ].join('');
}
