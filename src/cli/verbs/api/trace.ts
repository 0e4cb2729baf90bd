import type { TraceEvent } from '../../../api/trace/model.ts';
import type { Context } from '../../context.ts';
import { single, text } from '../../grammar/flags.ts';
import { usageError } from '../../grammar/usage.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] [--] [COMMAND] [ARG...]',
  flags: {
    format: single('string', readFormat, "'json' prints what happened as data, a line an event", {
      completes: ['json'],
    }),
    svg: text('Draw the picture into this file, and print nothing', { completes: 'files' }),
  },
  operands: [0, Number.POSITIVE_INFINITY],
  completes: ['files'],
  stopAtOperand: true,
  async run(context, { format, svg }, command) {
    const view = svg === undefined ? await printer(context, format) : undefined;
    const events: TraceEvent[] = [];
    const take = (event: TraceEvent) => {
      events.push(event);
      if (command.length === 0) view?.(event);
    };
    const code = await (command.length > 0 ? watchCommand : watchAll)(context, command, take);
    if (svg !== undefined) await drawInto(svg, events, command);
    // What the command prints stands by itself, before what it made happen.
    else if (command.length > 0) for (const event of events) view!(event);
    return code;
  },
});

type Take = (event: TraceEvent) => void;

/** Runs the command with a daemon that tells of its requests: the one that was named, or one in this process. */
async function watchCommand(context: Context, command: readonly string[], take: Take): Promise<number> {
  const { runCommand } = await import('./command.ts');
  const { host, close } = context.host === undefined ? await ownDaemon(context, take) : await watched(context, take);
  try {
    return await runCommand(command, { ...context.env, DOCKER_HOST: host, MINIDOCK_HOST: host });
  } finally {
    await close();
  }
}

async function ownDaemon(context: Context, take: Take) {
  const [{ ApiTrace }, { servePrivately }] = await Promise.all([
    import('../../../api/trace/trace.ts'),
    import('../../../api/trace/private-server.ts'),
  ]);
  const trace = new ApiTrace();
  trace.listen(take);
  const { host, close } = await servePrivately(await context.engine(), trace, context.settings);
  return { host, close: () => trace.idle(settleMs).then(close) };
}

async function watched({ host, globals, env }: Context, take: Take) {
  const [{ watchDaemon }, { hostAt }] = await Promise.all([
    import('../../../api/client/watch.ts'),
    import('../../remote.ts'),
  ]);
  const stop = new AbortController();
  const events = await watchDaemon(hostAt(host!, globals ?? {}, env), stop.signal);
  const ended = (async () => {
    for await (const event of events) take(event);
  })();
  const close = async () => {
    // The end of the last request comes with its connection's.
    await new Promise(resolve => setTimeout(resolve, settleMs));
    stop.abort();
    await ended;
  };
  return { host: host!, close, ended };
}

/** How long the last requests of a command that has ended have to end, in milliseconds. */
const settleMs = 200;

/** All that a daemon is asked, until Ctrl-C. */
async function watchAll(context: Context, _: readonly string[], take: Take): Promise<number> {
  if (context.host === undefined)
    throw usageError("'minidock api trace' watches a command that it runs, or the daemon that -H names", {
      exitCode: 1,
      see: "See 'minidock api trace --help'.",
    });
  const { ended } = await watched(context, take);
  return await new Promise<number>((resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(0));
    ended.then(() => resolve(0), reject);
  });
}

async function printer({ output }: Context, format: 'json' | undefined): Promise<Take> {
  if (format === 'json') return event => output.out(`${JSON.stringify(event)}\n`);
  const { traceShower } = await import('../../progress/api-trace.ts');
  return traceShower(output.out, output.columns);
}

async function drawInto(file: string, events: readonly TraceEvent[], command: readonly string[]): Promise<void> {
  const [{ messagesOf }, { sequencePicture }, { writeWhole }] = await Promise.all([
    import('../../../api/trace/sequence.ts'),
    import('../../../api/trace/picture.ts'),
    import('../../files/whole-file.ts'),
  ]);
  const picture = Buffer.from(sequencePicture(messagesOf(events), command.join(' ')));
  await writeWhole(file, 'draw the trace', async write => write(picture), 0o644);
}

function readFormat(given: string): 'json' {
  if (given === 'json') return given;
  throw new Error('must be json');
}
