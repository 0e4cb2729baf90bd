import { CommandLineError } from '../exit-codes.ts';

/**
 * Runs an action that Ctrl-C, SIGTERM or SIGHUP ends in order: the signal of the action aborts, and what it throws then is
 * replaced by an error with the exit code that shells give (128 and the number). A second signal ends at once.
 */
export async function interruptible<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const listeners = Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }).map(([name, number]) => {
    const listener = () => {
      if (stop.signal.aborted) process.exit(128 + number);
      stop.abort(new CommandLineError('interrupted', `stopped by ${name}`, { exitCode: 128 + number }));
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  try {
    return await action(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    for (const remove of listeners) remove();
  }
}
