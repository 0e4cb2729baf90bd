import { MinidockError } from '../../../errors.ts';
import { type Route, value } from '../../server/route.ts';
import { filterImages, imageFilters, isListed } from '../../shapes/image/filters.ts';
import { inspectImage } from '../../shapes/image/inspect.ts';
import { imageHistory, imageList, searchResults } from '../../shapes/image/list.ts';
import { searchFilter, searchFilters } from '../../shapes/image/search-filters.ts';
import { registryAuth } from '../../shapes/registry-auth.ts';

/** Routes that tell of images and change nothing. */
export const listRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/images/json',
    async handle({ query, version }, { engine: { images } }) {
      const filters = query.filters(imageFilters);
      // Gone from API 1.41 on.
      const wanted = version < 41 ? query.text('filter') : '';
      const listed = await filterImages(images, filters, wanted || undefined);
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
      if (limit < 1 || limit > 100)
        throw new MinidockError('invalid-argument', `Limit ${limit} is outside the range of [1, 100]`);
      const matches = searchFilter(query.filters(searchFilters));
      const credentials = registryAuth(headers['x-registry-auth']);
      const found = await images.search(query.text('term'), { limit, abort, credentials });
      return value(found.filter(matches), searchResults);
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
