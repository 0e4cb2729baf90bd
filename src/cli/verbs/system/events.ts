import { checkOrder, readInstant } from '../../../api/shapes/instant.ts';
import { eventFilter, eventFilters } from '../../../api/shapes/system/event-filters.ts';
import type { Event } from '../../../state/journal.ts';
import { text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { filterFlag, readFilters } from '../../print/listing.ts';
import { localTime } from '../../print/time.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    filter: filterFlag('Show only those with container=…, event, image, label, network, type or volume', {
      short: 'f',
      completes: [
        ...['container=', 'event=', 'image=', 'label=', 'network=', 'volume='],
        ...['builder', 'container', 'image', 'network', 'volume'].map(type => `type=${type}`),
      ],
    }),
    format: text(`A Go template, or 'json'`, { completes: ['json'] }),
    since: text('Show what has happened since a time (2026-01-02T15:04:05) or for a while (10m)'),
    until: text('End at a time, or that long ago'),
  },
  operands: [0, 0],
  async run(context, flags) {
    const matches = eventFilter(readFilters(flags.filter, eventFilters));
    const show = flags.format === undefined ? line : await template(flags.format);
    const since = flags.since ? readInstant(flags.since) : undefined;
    const until = flags.until ? readInstant(flags.until) : undefined;
    checkOrder(since, until, [flags.since, flags.until]);
    const engine = await context.engine();
    for await (const event of engine.system.events({ since, until }))
      if (matches(event)) context.output.data(`${show(event)}\n`);
    return 0;
  },
});

/** `2026-11-20T19:14:16.123456789+01:00 container start 4f1e… (image=nginx, name=web)`: attributes in the order of the alphabet. */
function line({ type, action, id, attributes, timeNano }: Event): string {
  const known = Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  const behind = known.length > 0 ? ` (${known.join(', ')})` : '';
  return `${localTime(BigInt(timeNano))} ${type} ${action} ${id}${behind}`;
}

const words = 'Error parsing format: ';
const wording = { parse: words, execute: words, exitCode: 64, executeExitCode: 64 };

/** Like Docker it tries the template before anything happens. */
async function template(format: string): Promise<(event: Event) => string> {
  const [{ compileTemplate }, { inWordsOf }, { encodeJson }, { eventMessage, noEvent }] = await Promise.all([
    import('../../template/render.ts'),
    import('../../template/errors.ts'),
    import('../../../api/go/json.ts'),
    import('../../../api/shapes/system/event.ts'),
  ]);
  if (format === 'json') return event => encodeJson(eventMessage(event));
  const compiled = inWordsOf(wording, () => {
    const template = compileTemplate(format);
    template(noEvent);
    return template;
  });
  return event => compiled(eventMessage(event));
}
