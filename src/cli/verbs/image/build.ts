import { openBuildContext } from '../../../build/context/open.ts';
import type { BuildOptions } from '../../../engine/nouns/builder.ts';
import { MinidockError } from '../../../errors.ts';
import { parseReference } from '../../../oci/reference.ts';
import { checkSettings } from '../../build/check-settings.ts';
import { displayOf } from '../../build/display.ts';
import { buildFlags, toLimits } from '../../build/flags.ts';
import { checkOutput, goesToStandardOutput, isNamedHere, writeOutput } from '../../build/output.ts';
import { secretsOf } from '../../build/secret.ts';
import { type Context, reasonLanguage } from '../../context.ts';
import type { Values } from '../../grammar/flags.ts';
import { usageError } from '../../grammar/usage.ts';
import { defineVerb } from '../../grammar/verb.ts';
import type { TraceForm } from '../../print/trace.ts';
import { interruptible } from '../../terminal/interrupt.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] PATH|URL|-',
  flags: buildFlags,
  operands: [1, 1],
  completes: ['files'],
  failure: { otherwise: 1 },
  async run(context, flags, [where]) {
    if (flags.output.length > 1) throw usageError('--output can be given once', { exitCode: 1 });
    if (!flags.mine) return await build(context, flags, where!);
    const { learnersPieces } = await import('../../mine/pieces.ts');
    const { listOwn } = await import('../../mine/list.ts');
    const own = await learnersPieces();
    try {
      context.output.err(listOwn(own.taught, reasonLanguage(context)));
      const { output, env, settings } = context;
      return await build({ output, env, settings, engine: () => context.engine(own.pieces) }, flags, where!);
    } finally {
      await own.close();
    }
  },
});

async function build(context: Context, flags: Values<typeof buildFlags>, where: string): Promise<number> {
  const { output } = context;
  const [wanted] = flags.output;
  if (wanted !== undefined) {
    checkOutput(wanted);
    for (const name of [...flags.tag, ...wanted.names]) parseReference(name);
  }
  const fd = wanted !== undefined && goesToStandardOutput(wanted) ? 2 : 1;
  const say = fd === 1 ? output.out : output.err;
  const trace = flags.trace && (await tracing(context, flags.trace));
  const { builder, images } = await context.engine();
  return await interruptible(async abort => {
    const source = await openBuildContext(where, flags.file, { signal: abort, say: output.err });
    try {
      const args = argumentsOf(flags['build-arg'], context.env);
      if (flags.check) {
        const { printAdvice } = await import('./advice.ts');
        return await printAdvice(output, source, args, reference => images.inspect(reference));
      }
      if (checkSettings in args || /^\s*#\s*check\s*=/im.test(source.dockerfile.content.toString())) {
        const { refuseAdvice } = await import('./advice.ts');
        await refuseAdvice(source, args, reference => images.inspect(reference));
      }
      const { progress = 'auto', quiet } = flags;
      const display = await displayOf(output, { progress, quiet, fd, ...(trace && { trace }) });
      const built = await builder
        .build({ ...toOptions(context, flags, source), abort }, event => display.tell(event))
        .then(
          result => {
            display.end(false);
            return result;
          },
          error => {
            display.end(true);
            throw error;
          },
        );
      const { id, unused } = built;
      const names = wanted === undefined || isNamedHere(wanted) ? built.names : [...flags.tag, ...wanted.names];
      if (wanted !== undefined) await writeOutput(builder, { id, names }, wanted, output, abort);
      if (flags.iidfile !== undefined) await writeId(flags.iidfile, id);
      if (unused.length > 0) output.err(`[Warning] One or more build-args [${unused.join(' ')}] were not consumed\n`);
      if (quiet) say(`${id}\n`);
      else {
        say(`Successfully built ${id.slice(7, 19)}\n`);
        for (const name of built.names) say(`Successfully tagged ${name}\n`);
      }
      return 0;
    } finally {
      source.close();
    }
  });
}

function toOptions(
  { env }: Context,
  flags: Values<typeof buildFlags>,
  source: Awaited<ReturnType<typeof openBuildContext>>,
): Omit<BuildOptions, 'abort'> {
  const [wanted] = flags.output;
  const tags = wanted === undefined || isNamedHere(wanted) ? [...flags.tag, ...(wanted?.names ?? [])] : [];
  const refuse = (reason: string) => new MinidockError('invalid-argument', reason);
  return {
    dockerfile: source.dockerfile,
    ...(source.directory !== undefined && { context: source.directory }),
    ...(source.ignore !== undefined && { ignore: source.ignore }),
    tags,
    args: argumentsOf(flags['build-arg'], env),
    ...(flags.target !== undefined && { target: flags.target }),
    noCache: flags['no-cache'],
    cacheFrom: flags['cache-from'],
    pull: flags.pull,
    labels: Object.fromEntries(flags.label.map(pair)),
    ...(flags.network !== undefined && { network: flags.network }),
    extraHosts: flags['add-host'],
    ...(flags.platform !== undefined && { platform: flags.platform }),
    secrets: secretsOf(flags.secret, env, refuse),
    limits: toLimits(flags),
    keepContainers: !flags.rm && !flags['force-rm'],
    ...epochIn(env),
    explains: flags.explain,
    traces: flags.trace !== undefined,
  };
}

async function tracing(context: Context, form: TraceForm) {
  const { Trace } = await import('../../print/trace.ts');
  return () => new Trace(context.output, form, context.output.errColumns, reasonLanguage(context));
}

/** `NAME=value`, or `NAME` for our own variable of that name. */
function argumentsOf(given: readonly string[], env: Context['env']): Record<string, string | undefined> {
  return Object.fromEntries(given.map(one => (one.includes('=') ? pair(one) : [one, env[one]])));
}

function pair(given: string): [string, string] {
  const equals = given.indexOf('=');
  return equals < 0 ? [given, ''] : [given.slice(0, equals), given.slice(equals + 1)];
}

/** reproducible-builds.org, SOURCE_DATE_EPOCH. */
function epochIn(env: Context['env']): { epoch?: number } {
  const given = env.SOURCE_DATE_EPOCH;
  if (given === undefined || given === '') return {};
  if (/^\d{1,11}$/.test(given)) return { epoch: Number(given) };
  throw new MinidockError('invalid-argument', `invalid SOURCE_DATE_EPOCH ${JSON.stringify(given)}: seconds since 1970`);
}

async function writeId(file: string, id: string): Promise<void> {
  const { writeFileSync } = await import('node:fs');
  try {
    writeFileSync(file, id);
  } catch (error) {
    throw new MinidockError('invalid-output', `cannot write ${JSON.stringify(file)}: ${(error as Error).message}`);
  }
}
