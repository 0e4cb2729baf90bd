import * as assert from 'uvu/assert';
import type { MinidockError } from '../../src/errors.ts';

/** What a promise rejects with: an error whose message is one line, as users see it. Fails where the promise resolves. */
export async function rejection(action: Promise<unknown>): Promise<MinidockError> {
  const error = await action.then(
    () => assert.unreachable('it did not fail') as never,
    (error: MinidockError) => error,
  );
  assert.not.match(error.message, '\n');
  return error;
}
