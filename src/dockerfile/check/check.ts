import { posix } from 'node:path';
import type { Copy, From, Instruction, Pairs, Raw, Stage } from '../instructions.ts';
import type { Dockerfile } from '../parse.ts';
import type { Place } from '../source.ts';
import type { Statement } from '../statements.ts';
import type { CheckSettings } from './settings.ts';
import { expanded, expandedParts, meant, unsetIn } from './variables.ts';

/** Advice about a Dockerfile that is no mistake. Names are those of BuildKit's rules (docs.docker.com/reference/build-checks). */
export interface Advice {
  readonly rule: string;
  readonly message: string;
  readonly place: Place;
}

export interface AdviceOptions {
  /** Build arguments that every stage has. */
  readonly known: readonly string[];
  /** Whether .dockerignore leaves a path of the context out. */
  readonly isIgnored?: (path: string) => boolean;
  /** What images say that FROM names, as it is written there. Of others nothing is known. */
  readonly images?: ReadonlyMap<string, ImageFacts>;
  /** In place of what the file's own directive says. */
  readonly settings?: CheckSettings | undefined;
}

export interface ImageFacts {
  /** Names of the variables that it sets. */
  readonly variables: readonly string[];
  readonly hasShell: boolean;
}

/** All advice, in the order of the file. */
export function adviseOn(
  dockerfile: Dockerfile,
  { known, isIgnored = () => false, images = new Map(), settings = dockerfile.directives.check }: AdviceOptions,
): Advice[] {
  const found: Advice[] = [];
  const add = (rule: string, message: string, place: Place) => found.push({ rule, message, place });
  for (const line of dockerfile.emptyContinuations)
    add('NoEmptyContinuation', 'empty line in the middle of an instruction', { line, column: 1, length: 1 });
  casing(dockerfile, add);
  const stages = new Map<string, Inherited>();
  dockerfile.stages.forEach(stage => {
    const state = inheritedFrom(stage, stages, images, known);
    ofStage(stage, add);
    for (const one of stage.instructions) if (one.kind === 'COPY' || one.kind === 'ADD') ofCopy(one, isIgnored, add);
    if (settings?.experimental.has('InvalidDefinitionDescription') || settings?.experimental.has('all'))
      for (const one of [stage.from, ...stage.instructions]) description(one, add);
    fromVariables(dockerfile, stage, known, add);
    const { name, writtenName, statement } = stage.from;
    if (name !== undefined && stages.has(name))
      add('DuplicateStageName', `the stage name ${JSON.stringify(name)} stands twice`, at(statement, writtenName!));
    for (const one of stage.instructions) inContext(one, state, dockerfile.directives.escape, add);
    if (name !== undefined) stages.set(name, { ...state, isStage: true });
  });
  return found
    .filter(({ rule }) => !settings?.skip.has(rule) && !settings?.skip.has('all'))
    .sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

type Add = (rule: string, message: string, place: Place) => void;

/** What the instructions of a stage so far, and the image below it, have set. */
interface Inherited {
  readonly variables: Set<string>;
  /** Of this stage alone: those of the stage below end with it. */
  readonly args: Set<string>;
  /** All that the image at the bottom sets is among them. */
  readonly isWhole: boolean;
  readonly isStage: boolean;
  hasWorkdir: boolean;
  hasShell: boolean;
}

function inheritedFrom(
  { from: { base } }: Stage,
  stages: ReadonlyMap<string, Inherited>,
  images: NonNullable<AdviceOptions['images']>,
  known: readonly string[],
): Inherited {
  const stage = stages.get(base.raw.toLowerCase());
  if (stage !== undefined) return { ...stage, variables: new Set(stage.variables), args: new Set() };
  const image = base.raw === 'scratch' ? { variables: [], hasShell: false } : images.get(base.raw);
  const always = known.filter(name => !/^(BUILD|TARGET)/.test(name));
  return {
    variables: new Set(['PATH', ...always, ...(image?.variables ?? [])]),
    args: new Set(),
    isWhole: image !== undefined,
    isStage: false,
    hasWorkdir: false,
    hasShell: image?.hasShell ?? false,
  };
}

/** Keywords are all in capitals, or all small. */
function casing({ globals, stages }: Dockerfile, add: Add): void {
  const all = [...globals, ...stages.flatMap(({ from, instructions }) => [from, ...instructions])];
  const count = (change: (word: string) => string) =>
    all.filter(({ statement: { keyword } }) => keyword === change(keyword)).length;
  const wanted = count(word => word.toLowerCase()) > count(word => word.toUpperCase()) ? 'lower' : 'upper';
  for (const { statement } of all) {
    const { keyword } = statement;
    const right = wanted === 'upper' ? keyword.toUpperCase() : keyword.toLowerCase();
    if (keyword !== right)
      add('ConsistentInstructionCasing', `write ${right}: most keywords here are in ${wanted} case`, statement.place());
  }
}

/** What holds none, though one of those words is in its name. */
const noSecrets = /(^|_)(public|file|version)($|_)/i;
const secrets = /(^|_)(apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)($|_)/i;

function ofStage({ from, instructions }: Stage, add: Add): void {
  const { statement, as, writtenName, name, platform } = from;
  const isUpper = statement.keyword === statement.keyword.toUpperCase();
  if (as !== undefined && as.raw !== (isUpper ? 'AS' : 'as'))
    add('FromAsCasing', `"${as.raw}" and "${statement.keyword}" are not of the same case`, at(statement, as));
  if (writtenName !== undefined && writtenName.raw !== name)
    add(
      'StageNameCasing',
      `the stage name ${JSON.stringify(writtenName.raw)} should be in lower case`,
      at(statement, writtenName),
    );
  if (writtenName !== undefined && (name === 'scratch' || name === 'context'))
    add(
      'ReservedStageName',
      `${JSON.stringify(name)} is no name for a stage: it has a meaning of its own`,
      at(statement, writtenName),
    );
  // A stage that is called after its platform is meant for that one.
  const isMeant = platform?.raw.split('/', 2).some(part => part !== '' && name?.includes(part));
  if (platform !== undefined && !platform.raw.includes('$') && !isMeant)
    add('FromPlatformFlagConstDisallowed', `FROM is bound to the platform ${platform.raw}`, at(statement, platform));
  if (platform !== undefined && /^\$(TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(platform.raw))
    add('RedundantTargetPlatform', `FROM is for ${platform.raw} anyway: leave --platform out`, at(statement, platform));
  const seen = new Map<string, Instruction>();
  for (const one of instructions) {
    if (['CMD', 'ENTRYPOINT', 'HEALTHCHECK'].includes(one.kind)) {
      const earlier = seen.get(one.kind);
      if (earlier !== undefined)
        add(
          'MultipleInstructionsDisallowed',
          `${one.kind} stands twice in a stage: only the last counts`,
          earlier.statement.place(),
        );
      seen.set(one.kind, one);
    }
    ofInstruction(one, add);
  }
}

/** What .dockerignore leaves out cannot be copied. Names with variables are known when it is built. */
function ofCopy({ kind, from, sources, statement }: Copy, isIgnored: (path: string) => boolean, add: Add): void {
  if (from !== undefined) return;
  for (const source of sources) {
    if (source.heredoc !== undefined || /[$*?[\\]|:\/\/|^git@/.test(source.raw)) continue;
    const path = posix.join('/', source.raw.replace(/^(["'])(.*)\1$/, '$2')).slice(1);
    if (path !== '' && isIgnored(path.replace(/\/$/, '')))
      add('CopyIgnoredFile', `${kind} of ${source.raw}, which .dockerignore leaves out`, at(statement, source));
  }
}

/** A comment right above a stage with a name, or an ARG, describes it. */
function description(one: From | Instruction, add: Add): void {
  const names =
    one.kind === 'FROM' ? [one.writtenName?.raw] : one.kind === 'ARG' ? one.args.map(({ name }) => name) : [];
  const { comment } = one.statement;
  const [first] = names;
  if (comment === undefined || first === undefined || names.includes(comment.split(' ', 1)[0]!)) return;
  add(
    'InvalidDefinitionDescription',
    `the comment above describes ${first}: begin it with that name, or put an empty line between`,
    one.statement.place(),
  );
}

function ofInstruction(one: Instruction, add: Add): void {
  const place = one.statement.place();
  if (one.kind === 'MAINTAINER')
    add('MaintainerDeprecated', 'MAINTAINER is out of use: write LABEL org.opencontainers.image.authors=…', place);
  if ((one.kind === 'ENV' || one.kind === 'LABEL') && one.isOldForm)
    add('LegacyKeyValueFormat', `write ${one.kind} ${inNewForm(one.pairs[0]!)}`, place);
  if (one.kind === 'EXPOSE')
    for (const word of one.words) {
      if (/\/[A-Z]/.test(word.raw))
        add('ExposeProtoCasing', `the protocol in ${word.raw} should be in lower case`, at(one.statement, word));
      if (word.raw.includes(':'))
        add('ExposeInvalidFormat', `EXPOSE has no address and no host port: ${word.raw}`, at(one.statement, word));
    }
  const named =
    one.kind === 'ENV' ? one.pairs.map(({ name }) => name) : one.kind === 'ARG' ? one.args.map(({ at }) => at) : [];
  for (const name of named)
    if (secrets.test(name.raw) && !noSecrets.test(name.raw))
      add(
        'SecretsUsedInArgOrEnv',
        `${one.kind} ${JSON.stringify(name.raw)}: everybody who has the image can read it`,
        at(one.statement, name),
      );
}

/** `NAME=VALUE`, with quotes where the value has blanks; a long value is left out. */
function inNewForm({ name, value }: Pairs['pairs'][number]): string {
  const written = /\s/.test(value.raw) && !/^["']/.test(value.raw) ? `"${value.raw}"` : value.raw;
  return `${name.raw}=${written.length > 40 ? 'value' : written}`;
}

function fromVariables({ globals, directives }: Dockerfile, { from }: Stage, known: readonly string[], add: Add): void {
  const values = new Map(
    globals.flatMap(({ args }) => args.map(({ name, value }) => [name, value?.raw ?? ''] as const)),
  );
  const missing = unsetIn(
    from.base,
    name => values.get(name) ?? (known.includes(name) ? 'known' : undefined),
    directives.escape,
  );
  for (const name of missing)
    add(
      'UndefinedArgInFrom',
      `FROM uses $${name}, which no ARG before it names${meant(name, values.keys())}`,
      at(from.statement, from.base),
    );
  if (missing.length > 0 || !from.base.raw.includes('$')) return;
  const image = expanded(from.base, name => values.get(name), directives.escape);
  if (image === undefined || !/^[\w./:@-]+$/.test(image) || /[:@]$/.test(image))
    add(
      'InvalidDefaultArgInFrom',
      `without build arguments FROM is ${JSON.stringify(image ?? '')}, which is no image`,
      at(from.statement, from.base),
    );
}

/** What depends on the instructions before it and on the image below. */
function inContext(one: Instruction, state: Inherited, escapeChar: string, add: Add): void {
  const { variables, args } = state;
  if ((one.kind === 'CMD' || one.kind === 'ENTRYPOINT') && one.command.form === 'shell' && !state.hasShell)
    add(
      'JSONArgsRecommended',
      `the JSON form of ${one.kind} gets signals itself, the shell form does not hand them on`,
      one.statement.place(),
    );
  if (one.kind === 'SHELL') state.hasShell = true;
  if (one.kind === 'WORKDIR') {
    if (!state.hasWorkdir && !/^["']?(\/|\$|[A-Za-z]:)/.test(one.value.raw))
      add(
        'WorkdirRelativePath',
        `the directory ${one.value.raw} depends on the working directory of the image below`,
        at(one.statement, one.value),
      );
    state.hasWorkdir = true;
  }
  // What a stage has of an image that nobody has looked at is not known.
  if (state.isWhole || !state.isStage)
    for (const raw of expandedParts(one))
      for (const name of unsetIn(
        raw,
        other => (variables.has(other) || args.has(other) ? 'set' : undefined),
        escapeChar,
      ))
        add('UndefinedVar', `$${name} is not set here${meant(name, [...variables, ...args])}`, at(one.statement, raw));
  if (one.kind === 'ARG') for (const { name } of one.args) args.add(name);
  if (one.kind === 'ENV') for (const { name } of one.pairs) variables.add(name.raw);
}

const at = (statement: Statement, { offset, raw }: Raw): Place => statement.place({ offset, length: raw.length });
