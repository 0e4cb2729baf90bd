/**
 * Tries `check` every 20 ms until it neither throws nor returns false, and resolves with what it returned. After
 * `seconds` it rejects with the last error.
 */
export async function eventually<T>(check: () => T | Promise<T>, seconds = 5): Promise<Exclude<T, false>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    let failure: unknown;
    try {
      const value = await check();
      if (value !== false) return value as Exclude<T, false>;
      failure = new Error(`still false: ${check}`);
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadline) throw failure;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
