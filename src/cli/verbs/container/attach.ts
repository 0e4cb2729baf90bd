import { defaultDetachKeys } from '../../../api/detach/keys.ts';
import type { WindowSize } from '../../../engine/nouns/streams.ts';
import { MinidockError } from '../../../errors.ts';
import { single, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { readKeys } from '../../options/attach.ts';
import { requireTerminal, runInForeground, terminalSize } from '../../terminal/foreground.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER',
  flags: {
    'detach-keys': single('string', readKeys, 'Keys that leave the container running (default ctrl-p,ctrl-q)'),
    'no-stdin': toggle('Keep our standard input'),
    'sig-proxy': {
      ...toggle('Hand signals on to the container, where it has no terminal (default true)'),
      initial: true,
    },
  },
  operands: [1, 1],
  completes: ['running containers'],
  async run(context, flags, [name]) {
    const { containers } = await context.engine();
    const { record } = await containers.inspect(name!);
    const { id, options, state } = record;
    if (state.paused) throw cannotAttach('a paused container, unpause it first', `minidock unpause ${record.name}`);
    if (state.status === 'restarting')
      throw cannotAttach('a restarting container, wait until it is running', `minidock start ${record.name}`);
    if (state.status !== 'running')
      throw cannotAttach('a stopped container, start it first', `minidock start -a ${record.name}`);
    requireTerminal({ tty: options.tty, interactive: !flags['no-stdin'] });
    const interactive = options.interactive && !flags['no-stdin'];
    const attachment = await containers.attach(id, { stdin: interactive, stdout: true, stderr: true });
    const process = {
      attach: async () => attachment,
      wait: () => attachment.exited,
      start: async () => {
        // As Docker's client does: a size of its own for a moment makes what runs there draw itself anew.
        const size = options.tty ? terminalSize() : undefined;
        if (size) await containers.resize(id, { rows: size.rows + 1, columns: size.columns + 1 });
      },
      signal: (number: number) => containers.signal(id, number),
      resize: (size: WindowSize) => containers.resize(id, size),
    };
    return runInForeground(process, {
      tty: options.tty,
      interactive,
      forwardsSignals: flags['sig-proxy'],
      detachKeys: flags['detach-keys'] ?? defaultDetachKeys,
      detachCode: 1,
      output: context.output,
    });
  },
});

const cannotAttach = (why: string, fix: string) =>
  new MinidockError('not-running', `You cannot attach to ${why}`, { fix });
