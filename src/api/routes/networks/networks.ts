import { empty, type Route, value } from '../../server/route.ts';
import { decodeConnection, decodeCreation, decodeDisconnection } from '../../shapes/network/bodies.ts';
import { filterNetworks, networkFilters } from '../../shapes/network/filters.ts';
import { inspectNetwork } from '../../shapes/network/inspect.ts';
import { createdNetwork, networkList, prunedNetworks } from '../../shapes/network/list.ts';
import { reading } from '../../shapes/reading.ts';
import { untilIn } from '../../shapes/until.ts';

/** Routes of networks. */
export const networkRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/networks',
    async handle({ query }, { engine: { networks } }) {
      const filters = query.filters(networkFilters);
      return value(filterNetworks(await networks.list(), filters), networkList);
    },
  },
  {
    method: 'POST',
    path: '/networks/create',
    async handle(request, { engine: { networks } }) {
      const creation = await request.json(decodeCreation);
      return value(await networks.create(creation), createdNetwork, 201);
    },
  },
  {
    method: 'POST',
    path: '/networks/prune',
    async handle({ query }, { engine: { networks } }) {
      const filters = query.filters(['until', 'label', 'label!']);
      const pruned = await networks.prune({
        until: untilIn(filters),
        labels: filters.get('label'),
        withoutLabels: filters.get('label!'),
      });
      return value(pruned, prunedNetworks);
    },
  },
  {
    method: 'GET',
    path: '/networks/{name}',
    handle: async ({ params }, { engine: { networks } }) => value(await networks.inspect(params.name!), inspectNetwork),
  },
  {
    method: 'DELETE',
    path: '/networks/{name}',
    async handle({ params }, { engine: { networks } }) {
      await networks.remove(params.name!);
      return empty(204);
    },
  },
  {
    method: 'POST',
    path: '/networks/{name}/connect',
    async handle(request, { engine: { networks } }) {
      const { container, connection } = await request.json(json => reading(() => decodeConnection(json)));
      await networks.connect(request.params.name!, container, connection);
      return empty(200);
    },
  },
  {
    method: 'POST',
    path: '/networks/{name}/disconnect',
    async handle(request, { engine: { networks } }) {
      const { container, force } = await request.json(decodeDisconnection);
      await networks.disconnect(request.params.name!, container, { force });
      return empty(200);
    },
  },
];
