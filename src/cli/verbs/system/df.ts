import { isUp } from '../../../container/record.ts';
import type { DiskUsage } from '../../../engine/nouns/system.ts';
import type { Context } from '../../context.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printListing, type Row } from '../../print/listing.ts';
import { inOneLine } from '../../print/printable.ts';
import { humanSize } from '../../print/size.ts';
import { printTable } from '../../print/table.ts';
import { type Section, sectionsOf } from './df-sections.ts';

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
    const engine = await context.engine();
    const usage = await engine.system.diskUsage();
    if (flags.verbose) await printDetails(context, usage, flags.format);
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

async function printDetails({ output }: Context, usage: DiskUsage, format = ''): Promise<void> {
  const isTable = format === '' || format === 'table';
  const sections = sectionsOf(usage, isTable);
  if (isTable) output.out(Object.values(sections).map(table).join('\n'));
  else {
    const { printTogether } = await import('../../print/templated-listing.ts');
    printTogether(output, sections, format, 'formatter.diskUsageContext');
  }
}

function table({ title, listing: { headings, columns }, rows }: Section): string {
  return `${title}\n\n${printTable([headings, ...rows].map(row => columns.map(column => inOneLine(row[column]!))))}`;
}
