/**
 * Tries `check` until it neither throws nor returns false, and resolves with what it returned. After `seconds` it rejects
 * with the last error. Between two tries are 20 ms, or as long as a try takes: what starts a process and waits for one leaves
 * half of the time to others.
 */
export async function eventually<T>(check: () => T | Promise<T>, seconds = 5): Promise<Exclude<T, false>> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const began = performance.now();
    let failure: unknown;
    try {
      const value = await check();
      if (value !== false) return value as Exclude<T, false>;
      failure = new Error(`still false: ${check}`);
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) throw failure;
    await new Promise(resolve => setTimeout(resolve, Math.max(20, performance.now() - began)));
  }
}
