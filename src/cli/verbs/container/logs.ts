import { readInteger, single, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { readInstant } from '../../print/instant.ts';
import { LineBatch } from '../../print/line-batch.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER',
  flags: {
    follow: toggle('Go on with what is written from now on', { short: 'f' }),
    since: single('string', given => readInstant(given), 'Only what was written after this time, or in the last 10m'),
    tail: single('string', readTail, `How many lines from the end, or 'all' (default all)`, {
      short: 'n',
      completes: ['all'],
    }),
    timestamps: toggle('Show when each line was written', { short: 't' }),
    until: single('string', given => readInstant(given), 'Only what was written before this time, or 10m ago'),
  },
  operands: [1, 1],
  completes: ['containers'],
  async run({ engine, output }, flags, [name]) {
    const wanted = { follow: flags.follow, tail: flags.tail, since: flags.since, until: flags.until };
    const { containers } = await engine();
    const lines = new LineBatch(output);
    for await (const { stream, time, line } of containers.logs(name!, wanted)) {
      lines.add(stream, flags.timestamps ? Buffer.concat([Buffer.from(`${time} `), line]) : line);
    }
    lines.flush();
    return 0;
  },
});

/** Docker shows everything for `all` and for negative numbers. */
function readTail(given: string): number | undefined {
  if (given === 'all') return undefined;
  const lines = readInteger(given);
  return lines < 0 ? undefined : lines;
}
