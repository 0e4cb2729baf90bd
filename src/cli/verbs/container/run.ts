import { defaultDetachKeys } from '../../../api/detach/keys.ts';
import type { ContainerOptions, Streams } from '../../../container/record.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { WindowSize } from '../../../engine/nouns/streams.ts';
import { randomHex } from '../../../host/random.ts';
import { readPublish } from '../../../network/ports/read-publish.ts';
import type { Program } from '../../../syscalls/step.ts';
import { type Context, reasonLanguage, requireNoHost, requireRoot, warnOfIgnored } from '../../context.ts';
import { CommandLineError } from '../../exit-codes.ts';
import { type FlagTable, single, text, toggle, type Values } from '../../grammar/flags.ts';
import { explainFlagAsCommand, usageError } from '../../grammar/usage.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { readKeys } from '../../options/attach.ts';
import { containerFlags, toRunOptions } from '../../options/run-options.ts';
import type { Trace, TraceForm } from '../../print/trace.ts';
import { type ForegroundProcess, requireTerminal, runInForeground, terminalSize } from '../../terminal/foreground.ts';
import { createContainer, creationFlags, withImage } from './creation.ts';

const runFlags = {
  ...containerFlags,
  ...creationFlags,
  detach: toggle('Run in the background and print the id', { short: 'd' }),
  'detach-keys': single('string', readKeys, 'Keys that leave a container running (default ctrl-p,ctrl-q)'),
  'dry-run': {
    ...single(
      'string',
      readDryRun,
      'Print the program of syscalls in place of running it; =full unfolds it, =json is for programs (MINIDOCK_LANG=zh: its reasons in Chinese)',
    ),
    alone: 'folded',
    completes: ['folded', 'full', 'json'],
  },
  'sig-proxy': {
    ...toggle('Hand signals on to the container, where it has no terminal (default true)'),
    initial: true,
  },
  mine: toggle('Make it of the pieces that you wrote in the course; without an image, nginx on port 8080'),
  trace: {
    ...single(
      'string',
      readTrace,
      'Print what the kernel answers to the program of syscalls, with its lessons; =full unfolds every step',
    ),
    alone: 'folded',
    completes: ['folded', 'full'],
  },
  versus: text('With --dry-run: what these flags would change in the program, as in --versus "--network none"'),
} satisfies FlagTable;

export const verb = defineVerb({
  synopsis: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: runFlags,
  operands: [1, Number.POSITIVE_INFINITY],
  least: ({ mine }) => (mine ? 0 : 1),
  completes: ['images'],
  stopAtOperand: true,
  failure: {
    otherwise: 125,
    'output-failed': 1,
    'command-not-executable': 126,
    'command-not-found': 127,
    'workdir-denied': 126,
    'workdir-not-found': 127,
  },
  async run(context, flags, operands) {
    if (!flags.detach) requireTerminal(flags);
    else if (flags.attach.length > 0)
      throw new CommandLineError('conflict', 'Conflicting options: -a and -d', { exitCode: 1 });
    try {
      return flags.mine ? await runOnMine(context, flags, operands) : await runGiven(context, flags, operands);
    } catch (error) {
      throw explainFlagAsCommand(error, operands.slice(1), 'minidock run [OPTIONS] IMAGE');
    }
  },
});

/** Lists which pieces are the learner's and runs on them; without an image what the README's first line runs. */
async function runOnMine(
  context: Context,
  flags: Values<typeof runFlags>,
  operands: readonly string[],
): Promise<number> {
  requireNoHost(context, 'run --mine', 'your pieces are taken into an engine of this process');
  requireRoot();
  const { learnersPieces } = await import('../../mine/pieces.ts');
  const { listOwn } = await import('../../mine/list.ts');
  const { tellUntaught } = await import('../../mine/untaught.ts');
  const web = { ...flags, publish: flags.publish.length > 0 ? flags.publish : [readPublish('8080:80')] };
  const [used, words] = operands.length > 0 ? [flags, operands] : [web, ['nginx:alpine']];
  const language = reasonLanguage(context);
  const own = await learnersPieces((piece, what) => context.output.err(tellUntaught(piece, what, language)));
  try {
    context.output.err(listOwn(own.taught, language));
    const { output, env, settings } = context;
    const onOwn: Context = { output, env, settings, engine: () => context.engine(own.pieces) };
    return await runGiven(onOwn, used, words);
  } finally {
    await own.close();
  }
}

async function runGiven(
  context: Context,
  flags: Values<typeof runFlags>,
  operands: readonly string[],
): Promise<number> {
  const other = flags.versus === undefined ? undefined : await optionsVersus(context, flags, operands);
  return run(context, flags, toRunOptions(flags, operands, context.env, flags.detach), other);
}

/** The options that the flags of `--versus` make of those given. */
async function optionsVersus(
  context: Context,
  flags: Values<typeof runFlags>,
  operands: readonly string[],
): Promise<ContainerOptions> {
  const { withFlags } = await import('../../options/versus.ts');
  const others = withFlags(runFlags, flags, flags.versus!);
  return toRunOptions(others, operands, context.env, others.detach);
}

async function run(
  context: Context,
  flags: Values<typeof runFlags>,
  options: ContainerOptions,
  versus?: ContainerOptions,
): Promise<number> {
  const isDryRun = flags['dry-run'] !== undefined;
  if (flags.versus !== undefined && !isDryRun)
    throw usageError('--versus compares what --dry-run prints: give both', { exitCode: 125 });
  warnOfIgnored(context);
  const { containers } = await context.engine();
  if (isDryRun) {
    const plan = (wanted: ContainerOptions, id?: string) =>
      withImage(context, flags, wanted, () => containers.plan(wanted, id));
    await (versus ? dryRunVersus(context, flags, plan, options, versus) : dryRun(context, flags, plan(options)));
    return 0;
  }
  const id = await createContainer(context, flags, options);
  const trace = flags.trace === undefined ? undefined : await startTrace(context, flags.trace);
  const start = async (window?: WindowSize) => {
    await containers.start(id, { window, onStep: trace?.step });
    trace?.executed();
  };
  try {
    if (flags.detach) return await detached(start, id, context);
    return await foreground(start, containers, id, context, flags, options.attach);
  } finally {
    trace?.end();
  }
}

type DryRunFlags = Values<typeof runFlags>;

async function dryRun(context: Context, flags: DryRunFlags, program: Promise<Program>): Promise<void> {
  const { showProgram } = await import('../../print/show-program.ts');
  showProgram(context.output, await program, flags['dry-run'] ?? 'folded', reasonLanguage(context));
}

async function dryRunVersus(
  context: Context,
  flags: DryRunFlags,
  plan: (options: ContainerOptions, id: string) => Promise<Program>,
  options: ContainerOptions,
  versus: ContainerOptions,
): Promise<void> {
  const { showDifference } = await import('../../print/show-difference.ts');
  const id = randomHex(32);
  const programs = { without: await plan(options, id), with: await plan(versus, id) };
  showDifference(context.output, programs, {
    flags: flags.versus!,
    form: flags['dry-run'] ?? 'folded',
    language: reasonLanguage(context),
  });
}

async function startTrace(context: Context, form: TraceForm): Promise<Trace> {
  const { Trace } = await import('../../print/trace.ts');
  return new Trace(context.output, form, context.output.errColumns, reasonLanguage(context));
}

type Start = (window?: WindowSize) => Promise<void>;

/** As in Docker the id is told also where the start fails: the container is there. */
async function detached(start: Start, id: string, context: Context) {
  await start().finally(() => context.output.out(`${id}\n`));
  return 0;
}

async function foreground(
  start: Start,
  containers: Engine['containers'],
  id: string,
  context: Context,
  flags: Values<typeof runFlags>,
  { stdin, stdout, stderr }: Streams,
): Promise<number> {
  // As in Docker who is not shown the output is told the id, and stays only for as long as there is input.
  const isBlind = !stdout && !stderr;
  if (isBlind && !flags.interactive) return await detached(start, id, context);
  const window = flags.tty ? terminalSize() : undefined;
  const process: ForegroundProcess = {
    attach: () => containers.attach(id, { stdin: stdin && flags.interactive, stdout, stderr }),
    wait: () => containers.wait(id, { condition: 'next-exit' }),
    start: () => start(window),
    signal: number => containers.signal(id, number),
    resize: size => containers.resize(id, size),
  };
  const ended = runInForeground(process, {
    tty: flags.tty,
    interactive: flags.interactive,
    forwardsSignals: flags['sig-proxy'],
    detachKeys: flags['detach-keys'] ?? defaultDetachKeys,
    detachCode: 0,
    leavesAfterInput: isBlind,
    output: context.output,
  });
  if (!isBlind) return await ended;
  await ended.finally(() => context.output.out(`${id}\n`));
  return 0;
}

function readDryRun(given: string): 'folded' | 'full' | 'json' {
  if (given === 'folded' || given === 'full' || given === 'json') return given;
  throw new Error('must be folded, full or json');
}

function readTrace(given: string): TraceForm {
  if (given === 'folded' || given === 'full') return given;
  throw new Error('must be folded or full');
}
