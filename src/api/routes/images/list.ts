import { type Route, value } from '../../server/route.ts';
import { filterImages, imageFilters, isListed } from '../../shapes/image/filters.ts';
import { inspectImage } from '../../shapes/image/inspect.ts';
import { imageHistory, imageList, searchResults } from '../../shapes/image/list.ts';
import { registryAuth } from '../../shapes/registry-auth.ts';

/** Routes that tell of images and change nothing. */
export const listRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/images/json',
    async handle({ query }, { engine: { images } }) {
      const filters = query.filters(imageFilters);
      const listed = await filterImages(images, filters, query.text('filter') || undefined);
      const parents = new Set(query.flag('all') ? [] : (await images.list()).map(({ parent }) => parent));
      return value(
        listed.filter(({ image }) => isListed(image, parents)),
        imageList,
      );
    },
  },
  {
    method: 'GET',
    path: '/images/search',
    async handle({ query, headers, abort }, { engine: { images } }) {
      const limit = query.number('limit') || 25;
      const credentials = registryAuth(headers['x-registry-auth']);
      return value(await images.search(query.text('term'), { limit, abort, credentials }), searchResults);
    },
  },
  {
    method: 'GET',
    path: '/images/{name:.*}/json',
    handle: async ({ params }, { engine: { images } }) => value(await images.inspect(params.name!), inspectImage),
  },
  {
    method: 'GET',
    path: '/images/{name:.*}/history',
    async handle({ params }, { engine: { images } }) {
      const tags = new Map((await images.list()).map(({ id, repoTags }) => [id as string, repoTags]));
      return value(await images.history(params.name!), lines => imageHistory(lines, tags));
    },
  },
];
