import { empty, type Route, value } from '../../server/route.ts';
import { decodeVolume } from '../../shapes/volume/body.ts';
import { filterVolumes, volumeFilters } from '../../shapes/volume/filters.ts';
import { inspectVolume } from '../../shapes/volume/inspect.ts';
import { prunedVolumes, volumeList } from '../../shapes/volume/list.ts';

/** Routes of volumes. */
export const volumeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/volumes',
    async handle({ query }, { engine: { volumes } }) {
      const filters = query.filters(volumeFilters);
      return value(filterVolumes(await volumes.list(), filters), volumeList);
    },
  },
  {
    method: 'POST',
    path: '/volumes/create',
    async handle(request, { engine: { volumes } }) {
      return value(await volumes.create(await request.json(decodeVolume)), inspectVolume, 201);
    },
  },
  {
    method: 'POST',
    path: '/volumes/prune',
    async handle({ query, version }, { engine: { volumes } }) {
      const filters = query.filters(['label', 'label!', 'all']);
      const pruned = await volumes.prune({
        // Up to 1.41 all were meant.
        anonymous: version >= 42 && !['true', '1'].includes(filters.get('all')?.at(-1) ?? ''),
        labels: filters.get('label'),
        withoutLabels: filters.get('label!'),
      });
      return value(pruned, prunedVolumes);
    },
  },
  {
    method: 'GET',
    path: '/volumes/{name}',
    handle: async ({ params }, { engine: { volumes } }) => value(await volumes.inspect(params.name!), inspectVolume),
  },
  {
    method: 'DELETE',
    path: '/volumes/{name}',
    async handle({ params, query }, { engine: { volumes } }) {
      await volumes.remove(params.name!, { force: query.flag('force') });
      return empty(204);
    },
  },
];
