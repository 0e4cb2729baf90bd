import { type Route, value } from '../../server/route.ts';
import { summaries } from '../../shapes/container/summary.ts';

/** GET /containers/json */
export const list: Route = {
  method: 'GET',
  path: '/containers/json',
  async handle({ query }, { engine }) {
    return value(await engine.containers.list({ all: query.flag('all'), size: query.flag('size') }), summaries);
  },
};
