import { single, text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { readLogTime } from '../../options/log-time.ts';
import { writeLogLines } from '../../print/log-lines.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER',
  flags: {
    details: toggle('Show the attributes that --log-opt labels, env and tag name'),
    follow: toggle('Go on with what is written from now on', { short: 'f' }),
    since: text('Only what was written after this time, or in the last 10m'),
    tail: single('string', readTail, `How many lines from the end, or 'all' (default all)`, {
      short: 'n',
      completes: ['all'],
    }),
    timestamps: toggle('Show when each line was written', { short: 't' }),
    until: text('Only what was written before this time, or 10m ago'),
  },
  operands: [1, 1],
  completes: ['containers'],
  async run({ engine, output }, flags, [name]) {
    const since = readLogTime('since', flags.since);
    const until = readLogTime('until', flags.until);
    const wanted = { follow: flags.follow, tail: flags.tail, since, until };
    const { containers } = await engine();
    for await (const entries of containers.logs(name!, wanted)) writeLogLines(output, entries, flags);
    return 0;
  },
});

/** Docker shows everything for `all`, for negative numbers, and for what is no number. */
function readTail(given: string): number | undefined {
  return /^\+?\d{1,18}$/.test(given) ? Number(given) : undefined;
}
