/**
 * Settles as `promise` does, or rejects with the reason of `abort` where that comes first. The operation behind the promise
 * goes on.
 */
export async function orAborted<T>(promise: Promise<T>, abort: AbortSignal | undefined): Promise<T> {
  if (abort === undefined) return await promise;
  if (abort.aborted) {
    // It may reject later, with no other listener: an unhandled rejection would end the process.
    promise.catch(() => {});
    throw abort.reason;
  }
  return await new Promise((resolve, reject) => {
    const stop = () => reject(abort.reason);
    abort.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => abort.removeEventListener('abort', stop));
  });
}
