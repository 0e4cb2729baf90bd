import type { ContainerOptions } from '../../../container/record.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { CreatedContainer } from '../../../engine/nouns/containers.ts';
import type { WindowSize } from '../../../engine/nouns/streams.ts';
import { MinidockError } from '../../../errors.ts';
import type { Program } from '../../../syscalls/step.ts';
import { type Context, reasonLanguage, requireRoot, warnOfIgnored } from '../../context.ts';
import { type FlagTable, single, text, toggle, type Values } from '../../grammar/flags.ts';
import { explainFlagAsCommand, usageError } from '../../grammar/usage.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { CidFile } from '../../options/cid-file.ts';
import { defaultDetachKeys, readDetachKeys } from '../../options/detach-keys.ts';
import { readPublish } from '../../options/ports.ts';
import { readRestart, restartWarning } from '../../options/restart.ts';
import { containerFlags, toRunOptions } from '../../options/run-options.ts';
import type { Trace, TraceForm } from '../../print/trace.ts';
import { type ForegroundProcess, requireTerminal, runInForeground, terminalSize } from '../../terminal/foreground.ts';

const runFlags = {
  ...containerFlags,
  cidfile: text('Write the id of the container to this file', { completes: 'files' }),
  detach: toggle('Run in the background and print the id', { short: 'd' }),
  'detach-keys': single('string', readDetachKeys, 'Keys that leave a container running (default ctrl-p,ctrl-q)'),
  'dry-run': {
    ...single(
      'string',
      readDryRun,
      'Print the program of syscalls in place of running it; =full unfolds it, =json is for programs (MINIDOCK_LANG=zh: its reasons in Chinese)',
    ),
    alone: 'folded',
    completes: ['folded', 'full', 'json'],
  },
  mine: toggle('Make it of the pieces that you wrote in the course; without an image, nginx on port 8080'),
  pull: single('string', readPull, 'When to pull the image: missing, always, never (default missing)', {
    completes: ['missing', 'always', 'never'],
  }),
  quiet: toggle('Pull without printing how far it is', { short: 'q' }),
  restart: single(
    'string',
    readRestart,
    'Taken for the sake of Docker’s command lines: containers are not started again',
    { completes: ['always', 'no', 'on-failure', 'unless-stopped'] },
  ),
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
  requireRoot();
  const { learnersPieces } = await import('../../mine/pieces.ts');
  const { listOwn } = await import('../../mine/list.ts');
  const web = { ...flags, publish: flags.publish.length > 0 ? flags.publish : [readPublish('8080:80')] };
  const [used, words] = operands.length > 0 ? [flags, operands] : [web, ['nginx:alpine']];
  const own = await learnersPieces();
  try {
    context.output.err(listOwn(own.taught, reasonLanguage(context)));
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
  const cidFile = flags.cidfile && !isDryRun ? new CidFile(flags.cidfile) : undefined;
  if (flags.restart !== undefined) context.output.err(restartWarning(flags.restart, flags.rm));
  warnOfIgnored(context);
  const { containers } = await context.engine();
  if (isDryRun) {
    const plan = (wanted: ContainerOptions, id?: string) =>
      withImage(context, flags, wanted.image, () => containers.plan(wanted, id));
    await (versus ? dryRunVersus(context, flags, plan, options, versus) : dryRun(context, flags, plan(options)));
    return 0;
  }
  const { id, warnings } = await orWithout(cidFile, () => create(context, flags, options, cidFile));
  for (const warning of warnings) context.output.err(`WARNING: ${warning}\n`);
  const trace = flags.trace === undefined ? undefined : await startTrace(context, flags.trace);
  const start = async (window?: WindowSize) => {
    await orWithout(cidFile, () => containers.start(id, { window, removeOnFailure: true, onStep: trace?.step }));
    trace?.executed();
  };
  try {
    return await (flags.detach ? detached(start, id, context) : foreground(start, containers, id, context, flags));
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
  const { randomBytes } = await import('node:crypto');
  const id = randomBytes(32).toString('hex');
  const programs = { without: await plan(options, id), with: await plan(versus, id) };
  showDifference(context.output, programs, {
    flags: flags.versus!,
    form: flags['dry-run'] ?? 'folded',
    language: reasonLanguage(context),
  });
}

async function create(
  context: Context,
  flags: Values<typeof runFlags>,
  options: ContainerOptions,
  cidFile: CidFile | undefined,
): Promise<CreatedContainer> {
  const { containers } = await context.engine();
  const created = await withImage(context, flags, options.image, () => containers.create(options));
  try {
    cidFile?.write(created.id);
  } catch (error) {
    await containers.remove(created.id, { force: true, volumes: true });
    throw error;
  }
  return created;
}

/** Removes the file of `--cidfile` where the action fails: a container that could not be started is removed too. */
async function orWithout<T>(cidFile: CidFile | undefined, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    cidFile?.discard();
    throw error;
  }
}

async function startTrace(context: Context, form: TraceForm): Promise<Trace> {
  const { Trace } = await import('../../print/trace.ts');
  return new Trace(context.output, form, context.output.errColumns, reasonLanguage(context));
}

type Start = (window?: WindowSize) => Promise<void>;

async function detached(start: Start, id: string, context: Context) {
  await start();
  context.output.out(`${id}\n`);
  return 0;
}

function foreground(
  start: Start,
  containers: Engine['containers'],
  id: string,
  context: Context,
  flags: Values<typeof runFlags>,
): Promise<number> {
  const window = flags.tty ? terminalSize() : undefined;
  const process: ForegroundProcess = {
    attach: () => containers.attach(id, { stdin: flags.interactive, stdout: true, stderr: true }),
    wait: () => containers.wait(id, { condition: 'next-exit' }),
    start: () => start(window),
    signal: number => containers.signal(id, number),
    resize: size => containers.resize(id, size),
  };
  return runInForeground(process, {
    tty: flags.tty,
    interactive: flags.interactive,
    forwardsSignals: true,
    detachKeys: flags['detach-keys'] ?? defaultDetachKeys,
    output: context.output,
  });
}

/** Pulls the image first where that is asked for, or where it turns out to be missing. */
async function withImage<T>(
  context: Context,
  flags: Values<typeof runFlags>,
  image: string,
  action: () => Promise<T>,
): Promise<T> {
  if (flags.pull === 'always') await pull(context, image, flags.quiet);
  try {
    return await action();
  } catch (error) {
    if (flags.pull === 'never' || !(error instanceof MinidockError) || error.code !== 'no-such-image') throw error;
    await pullMissing(context, image, flags.quiet);
    return action();
  }
}

async function pullMissing(context: Context, image: string, quiet: boolean): Promise<void> {
  const { familiar, parseReference } = await import('../../../oci/reference.ts');
  context.output.err(`Unable to find image '${familiar(parseReference(image))}' locally\n`);
  await pull(context, image, quiet);
}

async function pull(context: Context, image: string, quiet: boolean): Promise<void> {
  const { pullImage } = await import('../../progress/pull-image.ts');
  // Standard output is the container's.
  await pullImage((await context.engine()).images, image, { quiet, fd: 2, print: context.output.err });
}

function readPull(given: string): 'missing' | 'always' | 'never' {
  if (given === 'missing' || given === 'always' || given === 'never') return given;
  throw new Error(`invalid pull option: '${given}': must be one of "always", "missing" or "never"`);
}

function readDryRun(given: string): 'folded' | 'full' | 'json' {
  if (given === 'folded' || given === 'full' || given === 'json') return given;
  throw new Error('must be folded, full or json');
}

function readTrace(given: string): TraceForm {
  if (given === 'folded' || given === 'full') return given;
  throw new Error('must be folded or full');
}
