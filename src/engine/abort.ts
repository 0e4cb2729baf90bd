/** What the promise gives, unless the caller gives up first: then the reason of `abort`. What was begun goes on. */
export async function orAborted<T>(promise: Promise<T>, abort: AbortSignal | undefined): Promise<T> {
  if (abort === undefined) return await promise;
  if (abort.aborted) {
    // It ends for the same reason, perhaps, and nobody else listens.
    promise.catch(() => {});
    throw abort.reason;
  }
  return await new Promise((resolve, reject) => {
    const stop = () => reject(abort.reason);
    abort.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => abort.removeEventListener('abort', stop));
  });
}
