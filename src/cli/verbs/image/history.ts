import { timeAgo } from '../../../api/shapes/ago.ts';
import type { HistoryLine } from '../../../image/history.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printListing, type Row } from '../../print/listing.ts';
import { humanSize } from '../../print/size.ts';
import { ellipsis } from '../../print/table.ts';

const columns = ['ID', 'CreatedSince', 'CreatedBy', 'Size', 'Comment'];
/** Characters of a command that are shown. */
const commandLength = 45;

export const verb = defineVerb({
  synopsis: '[OPTIONS] IMAGE',
  flags: {
    format: text(`'table', 'table TEMPLATE', 'json' or a Go template`, { completes: ['json', 'table'] }),
    human: { ...toggle('Sizes and times for people to read (default true)', { short: 'H' }), initial: true },
    'no-trunc': toggle('Do not shorten ids and commands'),
    quiet: toggle('Print ids only', { short: 'q' }),
  },
  operands: [1, 1],
  completes: ['images'],
  async run(context, flags, [image]) {
    const { images } = await context.engine();
    const options = { truncate: !flags['no-trunc'], human: flags.human };
    const rows = (await images.history(image!)).map(line => rowOf(line, options));
    const headings: Row = {
      ID: 'IMAGE',
      CreatedSince: flags.human ? 'CREATED' : 'CREATED AT',
      CreatedAt: 'CREATED AT',
      CreatedBy: 'CREATED BY',
      Size: 'SIZE',
      Comment: 'COMMENT',
    };
    if (flags.quiet && flags.format === undefined) context.output.out(rows.map(row => `${row.ID}\n`).join(''));
    else await printListing(context.output, rows, flags.format, { headings, columns, type: 'image.historyContext' });
    return 0;
  },
});

function rowOf(
  { id, created, createdBy, comment, size }: HistoryLine,
  { truncate, human }: { truncate: boolean; human: boolean },
): Row {
  const at = created === undefined ? '' : `${new Date(created).toISOString().slice(0, 19)}Z`;
  const since = created === undefined ? 'N/A' : timeAgo(created, Date.now());
  const command = createdBy.replaceAll('\t', ' ');
  return {
    ID: id === undefined ? '<missing>' : truncate ? id.slice('sha256:'.length, 'sha256:'.length + 12) : id,
    CreatedSince: human ? since : at,
    CreatedAt: at,
    CreatedBy: truncate ? ellipsis(command, commandLength) : command,
    Size: human ? humanSize(size, 3) : String(size),
    Comment: comment,
  };
}
