import { readExtraHost } from '../../../container/options/resolver.ts';
import { MinidockError } from '../../../errors.ts';
import { parsePlatform } from '../../../oci/platform.ts';
import type { Context } from '../../context.ts';
import { openBuildContext } from '../../files/build-context.ts';
import { type FlagTable, many, single, text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { platforms } from '../../options/platforms.ts';
import { BuildLines } from '../../progress/build.ts';
import { interruptible } from '../../terminal/interrupt.ts';

const networks = ['default', 'bridge', 'none', 'host'] as const;

const flags = {
  'add-host': many('list', readExtraHost, 'A line of /etc/hosts while it is built: HOST:ADDRESS'),
  'build-arg': many('list', (given: string) => given, 'Value of an ARG: NAME=value, or NAME to hand on our own'),
  check: toggle('Give advice about the Dockerfile and build nothing'),
  explain: toggle('Say why a step could not be taken from the cache'),
  file: text('Dockerfile (default: Dockerfile in the context; - for standard input)', {
    short: 'f',
    completes: 'files',
  }),
  iidfile: text('Write the id of the image to a file', { completes: 'files' }),
  label: many('list', (given: string) => given, 'Label of the image: NAME=value'),
  network: single('string', readNetwork, 'Network of RUN: default, none or host', { completes: networks }),
  'no-cache': toggle('Do every step anew'),
  platform: single('string', parsePlatform, 'What the image is for: linux/arm64', { completes: platforms }),
  pull: toggle('Fetch the images that FROM names, also where they are here'),
  quiet: toggle('Print the id of the image alone', { short: 'q' }),
  secret: many('list', readSecret, 'A file that RUN --mount=type=secret sees: id=NAME,src=FILE'),
  tag: many('list', (given: string) => given, 'Name of the image: REPOSITORY[:TAG]', { short: 't' }),
  target: text('Build this stage and what it needs'),
} satisfies FlagTable;

export const verb = defineVerb({
  synopsis: '[OPTIONS] PATH|URL|-',
  flags,
  operands: [1, 1],
  completes: ['files'],
  failure: { otherwise: 1 },
  async run(context, given, [where]) {
    const { builder } = await context.engine();
    const { output } = context;
    const quiet = given.quiet;
    return await interruptible(async abort => {
      const source = await openBuildContext(where!, given.file, { signal: abort, say: output.err });
      const lines = new BuildLines(output, given.explain);
      try {
        if (given.check) {
          const { printAdvice } = await import('./advice.ts');
          return printAdvice(output, source.dockerfile);
        }
        const { id, names, unused } = await builder.build(
          {
            dockerfile: source.dockerfile,
            ...(source.directory !== undefined && { context: source.directory }),
            ...(source.ignore !== undefined && { ignore: source.ignore }),
            tags: given.tag,
            args: Object.fromEntries(given['build-arg'].map(one => argument(one, context.env))),
            ...(given.target !== undefined && { target: given.target }),
            noCache: given['no-cache'],
            pull: given.pull,
            labels: Object.fromEntries(given.label.map(pair)),
            ...(given.network !== undefined && { network: given.network }),
            extraHosts: given['add-host'],
            ...(given.platform !== undefined && { platform: given.platform }),
            secrets: Object.fromEntries(given.secret),
            ...epochIn(context.env),
            abort,
          },
          quiet ? () => {} : lines.tell,
        );
        if (given.iidfile !== undefined) await writeId(given.iidfile, id);
        if (unused.length > 0) output.err(`[Warning] One or more build-args [${unused.join(' ')}] were not consumed\n`);
        if (quiet) output.out(`${id}\n`);
        else {
          output.out(`Successfully built ${id.slice(7, 19)}\n`);
          for (const name of names) output.out(`Successfully tagged ${name}\n`);
        }
        return 0;
      } finally {
        if (!quiet) lines.end();
        source.close();
      }
    });
  },
});

/** `NAME=value`, or `NAME` for our own variable of that name. */
function argument(given: string, env: Context['env']): [string, string | undefined] {
  const equals = given.indexOf('=');
  return equals < 0 ? [given, env[given]] : [given.slice(0, equals), given.slice(equals + 1)];
}

function pair(given: string): [string, string] {
  const equals = given.indexOf('=');
  return equals < 0 ? [given, ''] : [given.slice(0, equals), given.slice(equals + 1)];
}

function readNetwork(given: string): 'bridge' | 'none' | 'host' {
  if (given === 'default' || given === 'bridge') return 'bridge';
  if (given === 'none' || given === 'host') return given;
  throw new Error(`network ${given} cannot be used by a build: it is default, none or host`);
}

/** `id=NAME,src=FILE`; without an id the name of the file. */
function readSecret(given: string): [string, string] {
  const fields = new Map(given.split(',').map(field => pair(field)));
  const file = fields.get('src') ?? fields.get('source') ?? fields.get('id');
  if (file === undefined) throw new Error(`invalid secret '${given}': write id=NAME,src=FILE`);
  return [fields.get('id') ?? file.replace(/^.*\//, ''), file];
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
