import { MinidockError } from '../../../errors.ts';
import { lines, type Route } from '../../server/route.ts';
import { waitedShape, waitFailedShape } from '../../shapes/container/answers.ts';

/**
 * POST /containers/{id}/wait. The head is sent as soon as the engine waits: a client that is about to start the container waits for
 * it, so that it misses no end.
 */
export const waitRoute: Route = {
  method: 'POST',
  path: '/containers/{name}/wait',
  async handle({ params, query, abort }, { engine: { containers } }) {
    const condition = query.text('condition') || 'not-running';
    if (condition !== 'not-running' && condition !== 'next-exit' && condition !== 'removed')
      throw new MinidockError('invalid-argument', `invalid condition: ${JSON.stringify(condition)}`);
    const { record } = await containers.inspect(params.name!);
    const { id } = record;
    // A container that is to be removed at its end has ended when it is gone: the engine resolves after the clean-up.
    const waits = containers.wait(id, {
      condition: condition === 'removed' ? (isOver(record) ? 'not-running' : 'next-exit') : condition,
      abort,
    });
    waits.catch(() => {});
    async function* codes(): AsyncGenerator<number> {
      yield await waits.catch(error => {
        // Its start failed: the client that started it gets the reason, and this one has nothing more to wait for.
        if (error instanceof MinidockError && error !== abort.reason) return 0;
        throw error;
      });
    }
    return lines(codes(), waitedShape, { atOnce: true, failure: waitFailedShape });
  },
};

const isOver = ({ state }: { state: { status: string } }) => state.status === 'exited';
