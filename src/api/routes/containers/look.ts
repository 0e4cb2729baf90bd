import { bytes, type Route, value } from '../../server/route.ts';
import { changesShape, topShape } from '../../shapes/container/answers.ts';
import { containerFilters } from '../../shapes/container/filters.ts';
import { inspectContainer } from '../../shapes/container/inspect.ts';
import { selectContainers } from '../../shapes/container/selection.ts';
import { summaries } from '../../shapes/container/summary.ts';

/** What there is to see of containers. */
export const lookRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/containers/json',
    async handle({ query }, { engine }) {
      const selection = {
        all: query.flag('all'),
        last: query.number('limit') ?? -1,
        size: query.flag('size'),
        filters: query.filters(containerFilters),
      };
      return value(await selectContainers(engine, selection), summaries);
    },
  },
  {
    method: 'GET',
    path: '/containers/{name}/json',
    async handle({ params, query }, { engine: { containers } }) {
      return value(await containers.inspect(params.name!, { size: query.flag('size') }), inspectContainer);
    },
  },
  {
    method: 'GET',
    path: '/containers/{name}/top',
    async handle({ params, query }, { engine: { containers } }) {
      const options = query.text('ps_args').split(/\s+/).filter(Boolean);
      return value(await containers.top(params.name!, options.length > 0 ? options : ['-ef']), topShape);
    },
  },
  {
    method: 'GET',
    path: '/containers/{name}/changes',
    async handle({ params }, { engine: { containers } }) {
      return value(await containers.changes(params.name!), changesShape);
    },
  },
  {
    method: 'GET',
    path: '/containers/{name}/export',
    handle: ({ params }, { engine: { containers } }) => bytes(containers.export(params.name!)),
  },
];
