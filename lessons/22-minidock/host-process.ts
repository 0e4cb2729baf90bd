import { MinidockError } from '../../src/errors.ts';
import type { Said } from './host.ts';
import { Machine } from './machine.ts';
import { says } from './says.ts';
import { perform, type Trial } from './trials.ts';

/** The process that is the host of this lesson; `host.ts` starts it in a network namespace of its own. */
const [scratch, width] = process.argv.slice(2) as [string, string];
let machine: Promise<Machine> | undefined;
let busy: Promise<void> = Promise.resolve();

// Who is gone hears nothing; that it is gone is told by its own event.
const say = (said: Said) => void (process.connected && process.send!(said, () => {}));

process.on('message', (trial: Trial) => {
  if (machine === undefined) say({ kind: 'told', line: says.making });
  machine ??= Machine.open(scratch, Number(width));
  busy = machine
    .then(host => perform(host, trial, line => say({ kind: 'told', line })))
    .then(
      evidence => say({ kind: 'found', evidence }),
      error =>
        say({
          kind: 'failed',
          message: (error as Error).message,
          ...(error instanceof MinidockError && { code: error.code }),
        }),
    );
});

/** How long a trial that is under way may go on when the lesson is over, in milliseconds. */
const grace = 5000;

process.on('disconnect', () => {
  void Promise.race([busy, new Promise(resolve => setTimeout(resolve, grace))])
    .then(() => machine)
    .then(host => host?.close())
    .finally(() => process.exit());
});
