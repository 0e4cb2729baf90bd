import { MinidockError } from '../../../errors.ts';
import { empty, type Route, value } from '../../server/route.ts';
import { prunedImages, removedImages } from '../../shapes/image/list.ts';
import { readInstant } from '../../shapes/instant.ts';

/** Routes that give names to images and remove them. */
export const changeRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/images/{name:.*}/tag',
    async handle({ params, query }, { engine: { images } }) {
      const tag = query.text('tag');
      await images.tag(params.name!, query.text('repo') + (tag && `:${tag}`));
      return empty(201);
    },
  },
  {
    method: 'POST',
    path: '/images/prune',
    async handle({ query }, { engine: { images } }) {
      const filters = query.filters(['until', 'label', 'label!', 'dangling']);
      const dangling = filters.get('dangling')?.at(-1);
      const pruned = await images.prune({
        all: dangling === 'false' || dangling === '0',
        until: (filters.get('until') ?? []).map(time => readInstant(time).getTime()),
        labels: filters.get('label'),
        withoutLabels: filters.get('label!'),
      });
      return value(pruned, prunedImages);
    },
  },
  {
    method: 'DELETE',
    path: '/images/{name:.*}',
    async handle({ params, query }, { engine: { images } }) {
      const options = { force: query.flag('force'), prune: !query.flag('noprune') };
      const { outcomes } = await images.remove([params.name!], options);
      const [outcome = []] = outcomes;
      if (outcome instanceof MinidockError) throw outcome;
      return value(outcome, removedImages);
    },
  },
];
