import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerStats, Containers } from '../../../engine/nouns/containers.ts';
import { MinidockError } from '../../../errors.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printListing } from '../../print/listing.ts';
import { statsListing, statsRow } from './stats-row.ts';

/** Between two readings, in milliseconds: Docker's daemon reads once a second. */
const pause = 1000;
/** Puts the cursor into the first column of the first line and clears the screen (ECMA-48: CUP, ED). */
const clear = Buffer.from('\u001b[H\u001b[2J');

export const verb = defineVerb({
  synopsis: '[OPTIONS] [CONTAINER...]',
  flags: {
    all: toggle('Also those that do not run', { short: 'a' }),
    format: text('Print by a Go template, or table, or json'),
    'no-stream': toggle('Print once, and end'),
    'no-trunc': toggle('Do not shorten ids'),
  },
  operands: [0, Number.POSITIVE_INFINITY],
  completes: ['containers'],
  async run({ engine, output }, flags, names) {
    const { containers } = await engine();
    const look = () => readAll(containers, names, flags.all);
    const refreshes = output.columns !== undefined && !flags['no-stream'];
    let before: Readings = flags['no-stream'] ? await look() : new Map();
    if (flags['no-stream'] && [...before.values()].some(one => one.running)) await sleep(pause);
    for (;;) {
      const now = await look();
      const rows = [...now].map(([name, stats]) =>
        statsRow(name, stats, before.get(name), { truncate: !flags['no-trunc'] }),
      );
      if (refreshes) output.out(clear);
      await printListing(output, rows, flags.format, statsListing);
      if (flags['no-stream']) return 0;
      before = now;
      await sleep(pause);
    }
  },
});

/** By the name on the command line, or the short id. */
type Readings = ReadonlyMap<string, ContainerStats>;

/** The named containers, or all; one that is removed between list and reading is left out. */
async function readAll(containers: Containers, names: readonly string[], all: boolean): Promise<Readings> {
  if (names.length > 0)
    return new Map(await Promise.all(names.map(async name => [name, await containers.stats(name)] as const)));
  const listed = (await containers.list({ all })).containers;
  const found = await Promise.all(listed.map(({ id }) => containers.stats(id).catch(unlessGone)));
  return new Map(found.filter(one => one !== undefined).map(one => [one.id.slice(0, 12), one]));
}

function unlessGone(error: unknown): undefined {
  if (error instanceof MinidockError && error.code === 'no-such-container') return undefined;
  throw error;
}
