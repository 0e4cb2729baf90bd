import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerStats, Containers } from '../../../engine/nouns/containers.ts';
import { MinidockError } from '../../../errors.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { each } from '../../print/each.ts';
import { printListing } from '../../print/listing.ts';
import type { Output } from '../../print/output.ts';
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
    const look = () => readAll({ containers, output }, names, flags.all);
    const refreshes = output.columns !== undefined && !flags['no-stream'];
    const first = flags['no-stream'] ? await look() : new Map();
    if (first === undefined) return 1;
    let before: Readings = first;
    if (flags['no-stream'] && [...before.values()].some(one => one.running)) await sleep(pause);
    for (;;) {
      const now = await look();
      if (now === undefined) return 1;
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

/**
 * The named containers, or all; one that is removed between list and reading is left out. Undefined where some of the named are not
 * there, which has been told.
 */
async function readAll(
  { containers, output }: { containers: Containers; output: Output },
  names: readonly string[],
  all: boolean,
): Promise<Readings | undefined> {
  if (names.length > 0) {
    const readings = new Map<string, ContainerStats>();
    const code = await each(
      names,
      output,
      name => containers.stats(name),
      (name, stats) => readings.set(name, stats),
    );
    return code === 0 ? readings : undefined;
  }
  const listed = (await containers.list({ all })).containers;
  const found = await Promise.all(listed.map(({ id }) => containers.stats(id).catch(unlessGone)));
  return new Map(found.filter(one => one !== undefined).map(one => [one.id.slice(0, 12), one]));
}

function unlessGone(error: unknown): undefined {
  if (error instanceof MinidockError && error.code === 'no-such-container') return undefined;
  throw error;
}
