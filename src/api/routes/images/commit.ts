import { type Route, value } from '../../server/route.ts';
import { decodeCommit } from '../../shapes/image/commit.ts';
import { idOf } from '../../shapes/image/list.ts';
import { named } from '../../shapes/image/named.ts';

/** POST /commit */
export const commitRoute: Route = {
  method: 'POST',
  path: '/commit',
  async handle(request, { engine: { containers } }) {
    const { query } = request;
    const config = await request.json(decodeCommit);
    const [repository, tag] = [query.text('repo'), query.text('tag')];
    const image = await containers.commit(query.text('container'), {
      ...(repository && { reference: named(repository, tag) }),
      ...(query.text('author') && { author: query.text('author') }),
      ...(query.text('comment') && { message: query.text('comment') }),
      // One text with a line each, as Docker's client sends them, or several.
      changes: query.list('changes').flatMap(text => text.split('\n').filter(Boolean)),
      pause: query.flag('pause', true),
      ...(config && { config }),
    });
    return value(image, idOf, 201);
  },
};
