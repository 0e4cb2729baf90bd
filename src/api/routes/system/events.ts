import type { Event } from '../../../state/journal.ts';
import { lines, type Route } from '../../server/route.ts';
import { readTimestamp } from '../../server/times.ts';
import { checkOrder } from '../../shapes/instant.ts';
import { eventMessage } from '../../shapes/system/event.ts';
import { eventFilter, eventFilters } from '../../shapes/system/event-filters.ts';

/** GET /events */
export const events: Route = {
  method: 'GET',
  path: '/events',
  handle({ query, abort }, { engine }) {
    const since = readTimestamp('since', query.text('since'));
    const until = readTimestamp('until', query.text('until'));
    checkOrder(since, until, [query.text('since'), query.text('until')]);
    const matches = eventFilter(query.filters(eventFilters));
    return lines(only(engine.system.events({ since, until, abort }), matches), eventMessage, { atOnce: true });
  },
};

async function* only(events: AsyncIterable<Event>, matches: (event: Event) => boolean): AsyncGenerator<Event> {
  for await (const event of events) if (matches(event)) yield event;
}
