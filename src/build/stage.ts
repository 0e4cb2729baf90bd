import type { Arg, Copy, Instruction, Raw, Run } from '../dockerfile/instructions.ts';
import { mistakeIn } from '../dockerfile/reading.ts';
import { excerptOf, excerptOfLines } from '../dockerfile/source.ts';
import { MinidockError } from '../errors.ts';
import { commandLine, configure } from '../image/config/configure.ts';
import type { ImageRecord } from '../image/store.ts';
import { defaultPath } from '../oci/default-path.ts';
import type { ContainerConfig } from '../oci/image-config.ts';
import { resolve } from '../storage/merged-view.ts';
import { keyOf } from './cache.ts';
import { planCopies } from './copy/copy.ts';
import { digestOf, type Member, packLayer, packMembers } from './copy/members.ts';
import { namesOf } from './copy/tree.ts';
import type { StageEvent } from './events.ts';
import type { PlannedMount } from './mounts.ts';
import { commandOf } from './run-command.ts';
import type { Shared } from './shared.ts';
import { type Step, type StepImage, takeStep } from './step.ts';
import { Expansions, proxyArguments, stageArgument } from './variables.ts';

/** One stage while it is built: the image so far, and what instructions to come need to know. */
export class StageBuild {
  #image: StepImage | undefined;
  #config: ContainerConfig;
  readonly #arguments = new Map<string, string>();
  #hasCommand = false;
  #author: string | undefined;

  constructor(
    private readonly shared: Shared,
    private readonly index: number,
    base: ImageRecord | undefined,
  ) {
    this.#image = base;
    const { OnBuild, ...config } = base?.config ?? {};
    const hasPath = config.Env?.some(one => one.startsWith('PATH='));
    this.#config = hasPath ? config : { ...config, Env: [...(config.Env ?? []), `PATH=${defaultPath}`] };
  }

  get image(): StepImage | undefined {
    return this.#image;
  }

  /** Does one instruction; the image is then the next one. What goes wrong is told with its line. */
  async perform(instruction: Instruction): Promise<void> {
    this.shared.abort?.throwIfAborted();
    try {
      await this.#perform(instruction);
    } catch (error) {
      const hasLine = !(error instanceof MinidockError) || ['dockerfile', 'build-failed'].includes(error.code);
      if (hasLine || this.shared.abort?.aborted) throw error;
      throw this.#placed(instruction, error);
    }
  }

  async #perform(instruction: Instruction): Promise<void> {
    switch (instruction.kind) {
      case 'ARG':
        return await this.#argument(instruction);
      case 'RUN':
        return await this.#run(instruction);
      case 'COPY':
      case 'ADD':
        return await this.#copy(instruction);
      default:
        return await this.#configure(instruction);
    }
  }

  async #argument(arg: Arg): Promise<void> {
    const expansions = this.#expansions();
    const { given, globals, platforms } = this.shared;
    const said: string[] = [];
    for (const one of arg.args) {
      const value = stageArgument(one, raw => expansions.word(arg.statement, raw), { given, globals, platforms });
      if (value !== undefined) this.#arguments.set(one.name, value);
      this.shared.used(one.name);
      said.push(one.value === undefined ? one.name : `${one.name}=${expansions.word(arg.statement, one.value)}`);
    }
    await this.#take(arg, { said: ` ARG ${said.join(' ')}`, key: ['ARG', said] });
  }

  async #configure(instruction: Exclude<Instruction, Arg | Run | Copy>): Promise<void> {
    const { statement } = instruction;
    const expansions = this.#expansions();
    const { config, said, author } = configure(
      this.#config,
      instruction,
      {
        word: part => expansions.word(statement, part),
        words: part => expansions.words(statement, part),
        fail: (part, reason, fix) => this.#fail(instruction, part, reason, fix),
      },
      this.#hasCommand,
    );
    this.#config = config;
    if (instruction.kind === 'CMD') this.#hasCommand = true;
    if (author !== undefined) this.#author = author;
    if (instruction.kind === 'WORKDIR') return await this.#workdir(instruction, said);
    await this.#take(instruction, { said: ` ${said}`, key: ['config', config, said] });
  }

  /** The directory is made where the image lacks it. */
  async #workdir(instruction: Instruction, said: string): Promise<void> {
    const names = namesOf(this.#config.WorkingDir!);
    const layers = this.#image?.layers ?? [];
    const empty = { target: '', size: 0, major: 0, minor: 0, uid: 0, gid: 0, xattrs: new Map<string, Buffer>() };
    const missing = names
      .map((_, end) => names.slice(0, end + 1).join('/'))
      .filter(name => resolve(layers, `/${name}`).kind === 'missing')
      .map((name): Member => ({ entry: { ...empty, type: 'directory', name, mode: 0o755, mtime: this.#now() } }));
    const layer = missing.length > 0 ? () => packLayer([packMembers(missing)]) : undefined;
    await this.#take(instruction, { said, key: ['WORKDIR', this.#config], make: derive => derive(layer) });
  }

  async #run(run: Run): Promise<void> {
    const expansions = this.#expansions();
    const { shared } = this;
    const words = commandOf(run, line => commandLine(this.#config, { form: 'shell', line }));
    const own = new Set((this.#config.Env ?? []).map(one => one.split('=', 1)[0]!));
    const args = [...this.#arguments].filter(([name]) => !own.has(name)).map(([name, value]) => `${name}=${value}`);
    const kept = args.toSorted();
    const mounts = await shared.mounts(run, part => expansions.word(run.statement, part), this.index);
    const proxies = proxyArguments.flatMap(name => {
      const value = shared.given.get(name);
      if (value === undefined) return [];
      shared.used(name);
      return [`${name}=${value}`];
    });
    const said = [...(kept.length > 0 ? [`|${kept.length}`, ...kept] : []), ...words].join(' ');
    const network = run.network === undefined || run.network === 'default' ? shared.network : run.network;
    const key = ['RUN', words, kept, network, run.mounts.map(({ at }) => at.raw), mounts.map(({ digest }) => digest)];
    const make: Step['make'] = async derive => {
      if (this.#image === undefined)
        throw this.#fail(
          run,
          undefined,
          'there is nothing to run: FROM scratch has no files',
          'COPY a program first, or begin with an image',
        );
      const tell = (event: StageEvent) => shared.tell({ stage: this.index, ...event });
      const { openMounts } = await import('./mounts.ts');
      const opened = await openMounts(mounts);
      try {
        const ran = await shared.host.run({
          image: this.#image.id,
          command: words,
          env: [...proxies, ...args, ...opened.env],
          network,
          extraHosts: shared.extraHosts,
          mounts: opened.mounts,
          onStart: container => tell({ kind: 'running', container: container.slice(0, 12) }),
          ...(shared.traces && {
            onStep: event => tell({ kind: 'syscall', event }),
            onExecuted: () => tell({ kind: 'executed' }),
          }),
          onOutput: (stream, chunk) => tell({ kind: 'output', stream, chunk }),
          ...(shared.abort && { abort: shared.abort }),
        });
        try {
          if (ran.exitCode !== 0) throw this.#failed(run, words, ran.exitCode);
          return await derive(() => ran.layer(shared.epoch), ran.id);
        } finally {
          if (await ran.remove()) tell({ kind: 'removed', container: ran.id.slice(0, 12) });
        }
      } finally {
        opened.close();
      }
    };
    await this.#take(run, { said, key, ran: true, inputs: () => inputsOf(kept, network, mounts), make });
  }

  async #copy(copy: Copy): Promise<void> {
    const ends: (() => void)[] = [];
    try {
      await this.#copyFiles(copy, end => void ends.unshift(end));
    } finally {
      for (const end of ends) end();
    }
  }

  async #copyFiles(copy: Copy, after: (end: () => void) => void): Promise<void> {
    const expansions = this.#expansions();
    const tree = await this.shared.tree(copy.from && expansions.word(copy.statement, copy.from), this.index, copy);
    const { copied, destination, parents } = await planCopies({
      instruction: copy,
      tree,
      layers: this.#image?.layers ?? [],
      workingDir: this.#config.WorkingDir ?? '/',
      now: this.#now(),
      abort: this.shared.abort,
      folder: this.shared.folder,
      after,
      word: part => expansions.word(copy.statement, part),
      lines: content => expansions.lines(copy.statement, content),
      fail: (part, reason, fix) => this.#fail(copy, part, reason, fix),
    });
    const digests = copied.map(one => digestOf(one.members()));
    const [only] = copied;
    const kind = copied.length > 1 ? 'multi' : only?.isDirectory && !only.pack ? 'dir' : 'file';
    const hash = copied.length > 1 ? keyOf(digests.map(({ digest }) => digest)) : digests[0]!.digest;
    const chown = copy.chown ? `--chown=${expansions.word(copy.statement, copy.chown)} ` : '';
    const said = `${copy.kind} ${chown}${kind}:${hash} in ${destination} `;
    const layer = () =>
      packLayer([
        packMembers(parents),
        ...copied.map(one => one.pack?.() ?? packMembers(one.members(), this.shared.epoch)),
      ]);
    await this.#take(copy, {
      said,
      key: [
        copy.kind,
        digests.map(({ digest }) => digest),
        destination,
        this.#config.WorkingDir ?? '/',
        parents.map(({ entry }) => [entry.name, entry.mode]),
      ],
      make: derive => derive(layer),
      inputs: () => Object.assign({}, ...digests.map(({ files }) => files())),
    });
  }

  async #take(instruction: Instruction, step: Step): Promise<void> {
    const below = { image: this.#image, config: this.#config, author: this.#author };
    this.#image = await takeStep(this.shared, this.index, below, instruction, step);
    this.shared.tell({ stage: this.index, kind: 'done', image: this.#image.id.slice(7, 19) });
  }

  #expansions(): Expansions {
    const env = new Map((this.#config.Env ?? []).map(one => [one.split('=', 1)[0]!, one.slice(one.indexOf('=') + 1)]));
    return new Expansions(this.shared.dockerfile, { value: name => env.get(name) ?? this.#arguments.get(name) });
  }

  #now(): number {
    return this.shared.epoch ?? Math.floor(Date.now() / 1000);
  }

  #fail(instruction: Instruction, part: Raw | undefined, reason: string, fix?: string): MinidockError {
    return mistakeIn(instruction.statement, part, reason, fix);
  }

  #placed({ statement }: Instruction, error: MinidockError): MinidockError {
    const { source } = statement;
    const place = statement.place();
    const { code, fix } = error;
    const excerpt = excerptOf(source, place);
    return new MinidockError(code, `${source.name}:${place.line}: ${error.message}`, { fix, excerpt, cause: error });
  }

  /** In Docker's words, with the place. */
  #failed({ statement }: Run, words: readonly string[], exitCode: number): MinidockError {
    const { source, line, endLine } = statement;
    // Of a here-document the first line.
    const [first, ...more] = words.join(' ').split('\n');
    const command = more.length === 0 ? first : `${first} …`;
    return new MinidockError(
      'build-failed',
      `${source.name}:${line}: The command '${command}' returned a non-zero code: ${exitCode}`,
      { excerpt: endLine > line ? excerptOfLines(source, line, endLine) : excerptOf(source, statement.place()) },
    );
  }
}

/** What a RUN depends on beside its words, by name. Values of arguments may be secret: they are kept as digests. */
function inputsOf(args: readonly string[], network: string, mounts: readonly PlannedMount[]): Record<string, string> {
  return {
    ...Object.fromEntries(args.map(one => [`the build argument ${one.split('=', 1)[0]}`, keyOf([one]).slice(0, 16)])),
    'the network': network,
    ...Object.fromEntries(mounts.map(({ written, digest }) => [`--mount=${written}`, digest ?? ''])),
  };
}
