import fs from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { call } from '../../../syscalls/calls.ts';
import { LONGEST_WIRE } from '../../../syscalls/foreign/wire.ts';
import { launch, type Shim } from '../../../syscalls/shim.ts';
import { librariesOf } from '../../play/small-root.ts';
import { boxProgram, type Workbench } from './box.ts';
import type { Bundle } from './bundle.ts';
import { ANSWERS, type Answer, type Question } from './harness.ts';

const MEMORY = 192 << 20;
const PIDS = 24;
/** The most that is kept of what the code prints, in characters. */
const MOST_PRINTED = 4096;
/** Beyond, it is ended: somebody prints without end. */
const MOST_OUTPUT = 1 << 20;

/** Why there is no answer. `threw` carries places of the bundled module; the rest speak for themselves. */
export type NoAnswer =
  | { readonly kind: 'todo' }
  | { readonly kind: 'threw'; readonly name: string; readonly message: string; readonly stack: string }
  | { readonly kind: 'too-slow' }
  | { readonly kind: 'too-much-memory' }
  | { readonly kind: 'too-much-output' }
  | { readonly kind: 'ended'; readonly status: number };

/**
 * Runs a learner's module where it can do nothing but compute: as a user to whom nothing belongs, without a right, in
 * namespaces of its own without a network, in a root that holds Node, its libraries and the module, all read-only; memory, processes
 * and time are limited. Answers questions one after the other.
 */
export class Cage {
  private readonly shim: Shim;
  private readonly lines: AsyncGenerator<string | undefined>;
  private printedText = '';
  private excess = false;
  private ended = false;

  /** Names that the module exports; undefined until `load`. */
  private constructor(
    private readonly bench: Workbench,
    private readonly name: string,
    bundled: Bundle,
  ) {
    const root = path.join(bench.scratch, name);
    const files = [process.execPath, ...librariesOf(process.execPath)].map((source, i) => ({
      source: fs.realpathSync(source),
      target: i === 0 ? '/node' : source,
    }));
    for (const { target } of files) touch(path.join(root, target));
    fs.writeFileSync(path.join(root, 'exercise.mjs'), bundled.code);
    const outputs = [
      call('dup3', [1, ANSWERS, 0], {
        why: { en: 'give answers a descriptor of their own', zh: '让答案有自己的描述符' },
      }),
      call('dup3', [2, 1, 0], {
        why: {
          en: 'send what the code prints elsewhere, since it is no answer',
          zh: '代码打印的内容另有去处，不算答案',
        },
      }),
    ];
    const program = boxProgram(bench, {
      name,
      memory: MEMORY,
      pids: PIDS,
      root,
      files,
      before: [],
      inside: outputs,
      capabilities: [],
      allow: [],
      unprivileged: true,
      cpuSeconds: bench.cpuSeconds,
      command: { path: '/node', argv: ['node', '--max-old-space-size=96', '/exercise.mjs'], env: ['LC_ALL=C.UTF-8'] },
    });
    this.shim = launch(program, { label: 'check', stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.shim.process;
    stdin!.on('error', () => {});
    stderr!.on('data', (chunk: Buffer) => this.keep(chunk));
    this.lines = readLines(stdout!, LONGEST_WIRE + 1024);
  }

  /** Starts a cage. Rejects where it cannot be built: that is no fault of the learner's. */
  static async open(bench: Workbench, bundled: Bundle): Promise<Cage> {
    const name = bench.next();
    fs.mkdirSync(path.join(bench.scratch, name), { mode: 0o755 });
    const cage = new Cage(bench, name, bundled);
    try {
      await cage.shim.ready;
      await cage.shim.supervised;
      cage.shim.go();
      await cage.shim.executed;
    } catch (error) {
      await cage.close();
      throw error;
    }
    return cage;
  }

  /** The module's exports, once it has run. */
  async load(): Promise<Extract<Answer, { kind: 'loaded' }> | NoAnswer> {
    const answer = await this.answer();
    return answer.kind === 'value' ? { kind: 'ended', status: 0 } : answer;
  }

  /** Calls a function. The value is a wire document that nobody has checked yet. */
  async ask(question: Question): Promise<Extract<Answer, { kind: 'value' }> | NoAnswer> {
    this.shim.process.stdin!.write(`${JSON.stringify(question)}\n`);
    const answer = await this.answer();
    return answer.kind === 'loaded' ? { kind: 'ended', status: 0 } : answer;
  }

  /** What the learner's code printed so far, the beginning of it, without what Node adds of a full heap. */
  get printed(): string {
    const [own = ''] = this.printedText.split('<--- Last few GCs --->', 1);
    return own.trimEnd().slice(0, MOST_PRINTED);
  }

  /** Ends everything in the cage; resolves when nothing of it is left. */
  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.shim.process.kill('SIGKILL');
    await this.shim.ended;
    const group = `${this.bench.parent}/${this.name}`;
    await this.bench.cgroups.killAll(group).catch(() => {});
    await this.bench.cgroups.remove(group).catch(() => {});
    fs.rmSync(path.join(this.bench.scratch, this.name), { recursive: true, force: true });
  }

  private keep(chunk: Buffer): void {
    this.printedText += chunk.toString('utf8');
    if (this.printedText.length < MOST_OUTPUT) return;
    this.excess = true;
    this.printedText = this.printedText.slice(0, MOST_PRINTED);
    this.shim.process.kill('SIGKILL');
  }

  private async answer(): Promise<Answer | NoAnswer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>(resolve => {
      timer = setTimeout(() => resolve('late'), this.bench.patience);
    });
    const ended = this.shim.exited.then(() => undefined).catch(() => undefined);
    const line = await Promise.race([this.lines.next().then(({ value }) => value ?? undefined), late, ended]);
    clearTimeout(timer);
    if (line === 'late') return { kind: 'too-slow' };
    if (line === undefined) return this.whyEnded();
    return readAnswer(line) ?? { kind: 'ended', status: 0 };
  }

  private async whyEnded(): Promise<NoAnswer> {
    const group = `${this.bench.parent}/${this.name}`;
    if (this.excess) return { kind: 'too-much-output' };
    let endedHere = false;
    const timer = setTimeout(() => {
      endedHere = true;
      this.shim.process.kill('SIGKILL');
    }, 2000);
    const status = await this.shim.exited.catch(() => 137);
    clearTimeout(timer);
    if (this.excess) return { kind: 'too-much-output' };
    if ((this.bench.cgroups.oomKills(group) ?? 0) > 0 || /heap out of memory/.test(this.printedText))
      return { kind: 'too-much-memory' };
    // The first process of a PID namespace cannot kill itself. So it was the kernel, for RLIMIT_CPU.
    if (status === 137 && !endedHere) return { kind: 'too-slow' };
    const [, name = '', message = ''] = /^((?:[A-Z]\w*)?Error|Todo): (.*)$/m.exec(this.printedText) ?? [];
    if (name === 'Todo') return { kind: 'todo' };
    if (name !== '') return { kind: 'threw', name, message, stack: this.printedText };
    return { kind: 'ended', status };
  }
}

/** An answer in the form that it must have; whatever else a hostile module writes there is none. */
function readAnswer(line: string): Answer | undefined {
  let answer: Record<string, unknown>;
  try {
    answer = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const text = (key: string) => (typeof answer[key] === 'string' ? (answer[key] as string).slice(0, LONGEST_WIRE) : '');
  switch (answer?.kind) {
    case 'loaded': {
      const names = Array.isArray(answer.exports) ? answer.exports.filter(name => typeof name === 'string') : [];
      return { kind: 'loaded', exports: names.slice(0, 100) };
    }
    case 'value':
      return { kind: 'value', value: text('value') };
    case 'todo':
      return { kind: 'todo' };
    case 'threw':
      return {
        kind: 'threw',
        name: text('name').slice(0, 80),
        message: text('message').slice(0, 1000),
        stack: text('stack').slice(0, 8000),
      };
    default:
      return undefined;
  }
}

/** Lines of a stream, none longer than `longest`: a longer one ends it. */
async function* readLines(stream: Readable, longest: number): AsyncGenerator<string | undefined> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, end)]).toString('utf8');
      rest = [];
      length = 0;
      from = end + 1;
    }
    rest.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > longest) return;
  }
}

function touch(file: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, '');
}
