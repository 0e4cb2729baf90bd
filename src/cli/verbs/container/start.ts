import { defaultDetachKeys } from '../../../api/detach/keys.ts';
import type { Containers } from '../../../engine/nouns/containers.ts';
import type { WindowSize } from '../../../engine/nouns/streams.ts';
import { MinidockError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { single, toggle, type Values } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { readKeys } from '../../options/attach.ts';
import { printError } from '../../print/diagnostics.ts';
import { each } from '../../print/each.ts';
import { runInForeground, terminalSize } from '../../terminal/foreground.ts';

const flags = {
  attach: toggle('Show what it prints, hand on signals, and exit with its status', { short: 'a' }),
  'detach-keys': single('string', readKeys, 'Keys that leave a container running (default ctrl-p,ctrl-q)'),
  interactive: toggle('Hand on our standard input', { short: 'i' }),
};

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags,
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['stopped containers'],
  async run(context, given, names) {
    if (!given.attach && !given.interactive) return startAll(context, names);
    const [name, ...others] = names;
    if (others.length > 0)
      throw new MinidockError('conflict', 'you cannot start and attach multiple containers at once', {
        fix: `minidock start ${names.join(' ')}, then 'minidock logs -f' of each`,
      });
    return startAttached(context, name!, given);
  },
});

/** One after the other: the order may matter to them. */
async function startAll({ engine, output }: Context, names: readonly string[]): Promise<number> {
  const { containers } = await engine();
  const failed: string[] = [];
  const start = (name: string) =>
    startUnlessRunning(containers, name).catch(error => {
      failed.push(name);
      throw error;
    });
  const code = await each(names, output, start, name => output.out(`${name}\n`), 1);
  if (failed.length > 0) printError(output, { message: `failed to start containers: ${failed.join(', ')}` });
  return code;
}

/** As in Docker it is no failure that a container runs already. */
async function startUnlessRunning(containers: Containers, name: string, window?: WindowSize): Promise<void> {
  try {
    await containers.start(name, { window });
  } catch (error) {
    if (!(error instanceof MinidockError) || error.code !== 'already-running') throw error;
  }
}

async function startAttached({ engine, output }: Context, name: string, given: Values<typeof flags>): Promise<number> {
  const { containers } = await engine();
  const { record } = await containers.inspect(name);
  const { id, options } = record;
  const interactive = given.interactive && options.interactive;
  const window = options.tty ? terminalSize() : undefined;
  const process = {
    attach: () => containers.attach(id, { stdin: interactive, stdout: true, stderr: true }),
    wait: () => containers.wait(id, { condition: 'next-exit' }),
    start: () => startUnlessRunning(containers, id, window),
    signal: (number: number) => containers.signal(id, number),
    resize: (size: WindowSize) => containers.resize(id, size),
  };
  return runInForeground(process, {
    tty: options.tty,
    interactive,
    forwardsSignals: true,
    detachKeys: given['detach-keys'] ?? defaultDetachKeys,
    detachCode: 0,
    output,
  });
}
