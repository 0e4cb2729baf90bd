import { MinidockError } from '../../../errors.ts';
import { empty, type Route, value } from '../../server/route.ts';
import { createdShape, prunedShape, updatedShape } from '../../shapes/container/answers.ts';
import { decodeCreateBody } from '../../shapes/container/create/body.ts';
import { containerOptionsOf } from '../../shapes/container/create/options.ts';
import { decodeUpdate } from '../../shapes/container/update.ts';
import { untilIn } from '../../shapes/until.ts';

/** What makes, changes and ends containers. */
export const lifeRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/containers/create',
    async handle(request, { engine: { containers } }) {
      const { query } = request;
      const body = await request.json(decodeCreateBody);
      const options = containerOptionsOf(body, { name: query.text('name'), platform: query.text('platform') });
      return value(await containers.create(options), createdShape, 201);
    },
  },
  {
    method: 'POST',
    path: '/containers/prune',
    async handle({ query }, { engine: { containers } }) {
      const filters = query.filters(['until', 'label', 'label!']);
      const pruned = await containers.prune({
        until: untilIn(filters),
        labels: filters.get('label'),
        withoutLabels: filters.get('label!'),
      });
      return value(pruned, prunedShape);
    },
  },
  {
    method: 'POST',
    path: '/containers/{name}/start',
    async handle({ params, query, headers }, { engine: { containers } }) {
      if (query.text('checkpoint') !== '')
        throw new MinidockError('invalid-argument', 'checkpoint is only supported in experimental mode');
      // As in Docker: older clients sent what belongs to the creation. So many bytes are `{}` with its line's end, or `null`.
      if (Number(headers['content-length'] ?? 0) > 7 || headers['transfer-encoding'] !== undefined)
        throw new MinidockError(
          'invalid-request',
          'starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24',
        );
      await containers.start(params.name!);
      return empty(204);
    },
  },
  {
    method: 'POST',
    path: '/containers/{name}/stop',
    async handle({ params, query, abort }, { engine: { containers } }) {
      const { record } = await containers.inspect(params.name!);
      const { status } = record.state;
      if (status !== 'running' && status !== 'restarting') return empty(304);
      const signal = query.text('signal') || undefined;
      await containers.stop(record.id, { signal, timeoutSeconds: query.number('t'), abort });
      return empty(204);
    },
  },
  {
    method: 'POST',
    path: '/containers/{name}/restart',
    async handle({ params, query, abort }, { engine: { containers } }) {
      const signal = query.text('signal') || undefined;
      await containers.restart(params.name!, { signal, timeoutSeconds: query.number('t'), abort });
      return empty(204);
    },
  },
  {
    method: 'POST',
    path: '/containers/{name}/kill',
    async handle({ params, query }, { engine: { containers } }) {
      await containers.kill(params.name!, query.text('signal') || undefined);
      return empty(204);
    },
  },
  {
    method: 'POST',
    path: '/containers/{name}/pause',
    async handle({ params }, { engine: { containers } }) {
      await containers.pause(params.name!);
      return empty(204);
    },
  },
  {
    method: 'POST',
    path: '/containers/{name}/unpause',
    async handle({ params }, { engine: { containers } }) {
      await containers.unpause(params.name!);
      return empty(204);
    },
  },
  {
    method: 'POST',
    path: '/containers/{name}/rename',
    async handle({ params, query }, { engine: { containers } }) {
      const name = query.text('name');
      if (name.trim() === '') throw new MinidockError('invalid-name', 'Neither old nor new names may be empty');
      await containers.rename(params.name!, name);
      return empty(204);
    },
  },
  {
    method: 'POST',
    path: '/containers/{name}/update',
    async handle(request, { engine: { containers } }) {
      const changes = await request.json(decodeUpdate);
      return value(await containers.update(request.params.name!, changes), updatedShape);
    },
  },
  {
    method: 'POST',
    path: '/containers/{name}/resize',
    async handle({ params, query }, { engine: { containers } }) {
      await containers.resize(params.name!, windowOf(query));
      return empty(200);
    },
  },
  {
    method: 'DELETE',
    path: '/containers/{name}',
    async handle({ params, query }, { engine: { containers } }) {
      const { record } = await containers.inspect(params.name!).catch(error => {
        // One whose record is broken is removed by force.
        if (query.flag('force') && error instanceof MinidockError && error.code === 'broken-record')
          return { record: { id: params.name!, name: params.name! } };
        throw error;
      });
      if (query.flag('link'))
        throw new MinidockError('conflict', 'Conflict, cannot remove the default link name of the container');
      await containers.remove(record.id, { force: query.flag('force'), volumes: query.flag('v') });
      return empty(204);
    },
  },
];

/** `h` and `w` of a terminal. @throws {MinidockError} `invalid-argument` */
export function windowOf(query: { number(name: string): number | undefined }) {
  return { rows: query.number('h') ?? 0, columns: query.number('w') ?? 0 };
}
