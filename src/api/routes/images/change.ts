import { MinidockError } from '../../../errors.ts';
import { empty, type Route, value } from '../../server/route.ts';
import { prunedImages, removedImages } from '../../shapes/image/list.ts';
import { named } from '../../shapes/image/named.ts';
import { untilIn } from '../../shapes/until.ts';

/** Routes that give names to images and remove them. */
export const changeRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/images/{name:.*}/tag',
    async handle({ params, query }, { engine: { images } }) {
      await images.tag(params.name!, named(query.text('repo'), query.text('tag')));
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
        until: untilIn(filters),
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
