import fs from 'node:fs';
import os from 'node:os';
import chalk from 'chalk';
import { MinidockError } from '../../errors.ts';
import { hostnameOf } from '../../host/namespaces.ts';
import type { Program } from '../../syscalls/step.ts';
import type {
  Breakage,
  BrokenProgram,
  Command,
  Demonstration,
  Experiment,
  Lesson,
  Question,
  Refusal,
  Stage,
} from '../lesson.ts';
import { isRootless } from '../rootless/as-root.ts';
import { skipPart } from '../rootless/rootless.ts';
import type { Terminal } from '../terminal.ts';
import type { Language, Text } from '../text/language.ts';
import { words } from '../text/words.ts';
import type { Asked, Asker } from './ask.ts';
import { type Evidence, type Moment, momentOf } from './evidence.ts';
import { Narrator } from './narrator.ts';
import { Performance } from './performance.ts';
import { makeScratch, removeScratch } from './scratch.ts';
import { bar, ClaimError, showEvidence } from './show.ts';
import { PATH, stageOf } from './stage.ts';
import { Stepper } from './stepper.ts';

/**
 * Everything that a lesson makes on the machine: its scratch directory and one process at a time. `close` undoes it, at
 * any moment, and may be called more than once.
 */
export class Session {
  private readonly scratch = makeScratch();
  private current: Performance | undefined;
  private stepper: Stepper | undefined;
  private narrator: Narrator | undefined;
  /** Steps that the learner has seen, with their answers: later programs fold them. */
  private readonly seenSteps = new Set<string>();
  private closing: Promise<void> | undefined;
  private seen: { host: Moment; container: Moment } | undefined;

  private readonly terminal: Terminal;
  private readonly language: Language;
  private readonly asker: Asker;
  private readonly step: boolean;

  constructor(
    private readonly lesson: Lesson,
    on: { terminal: Terminal; language: Language; asker: Asker; step: boolean },
  ) {
    this.terminal = on.terminal;
    this.language = on.language;
    this.asker = on.asker;
    this.step = on.step;
  }

  /** Whether `close` was called: what runs now fails, and that is no news. */
  get isClosing(): boolean {
    return this.closing !== undefined;
  }

  close(): Promise<void> {
    this.closing ??= (async () => {
      await this.current?.stop();
      try {
        await this.lesson.tidy?.(this.scratch);
      } finally {
        removeScratch(this.scratch);
      }
    })();
    return this.closing;
  }

  /** The lesson's program; its process prints what it sees and lives until the evidence is taken. */
  async run(): Promise<void> {
    await this.lesson.prepare?.(this.scratch);
    const { run } = this.lesson;
    if ('show' in run) return this.demonstrate(run);
    const evidence = await this.perform(run.program(this.stage(run.inside)), (host, container) => {
      this.seen = { host, container };
      return run.evidence(host, container);
    });
    await this.terminal.part(words.evidence[this.language]);
    showEvidence(this.terminal, this.language, evidence!);
  }

  /** All that follows the lesson's run; each part says how many there are. */
  async trials(): Promise<void> {
    const { experiments, breakIt } = this.lesson;
    let count = 0;
    const titled = ({ title }: { title: Text }) =>
      `${title[this.language]} ·\u00a0${++count}/${experiments.length + breakIt.length}`;
    for (const experiment of experiments) await this.experiment(experiment, titled(experiment));
    for (const breakage of breakIt) await this.breakage(breakage, titled(breakage));
  }

  /** A further run. One that is meant to fail has failed as it should when this returns. */
  private async experiment(experiment: Experiment, title: string): Promise<void> {
    const { before, after, question } = experiment;
    if (await this.leavesOut(experiment)) return;
    await this.terminal.part(title);
    this.terminal.prose(before[this.language]);
    const asked = await this.predict(question);
    if ('show' in experiment) await this.demonstrate(experiment);
    else await this.try({ ...experiment, outcome: experiment.fails ?? 'runs' });
    this.terminal.line();
    this.asker.answer(asked);
    this.terminal.line();
    this.terminal.prose(after[this.language]);
  }

  /** The program with a step removed, swapped or changed; the kernel's answer is the one that the lesson claims. */
  private async breakage(breakage: Breakage, title: string): Promise<void> {
    if (await this.leavesOut(breakage)) return;
    await this.terminal.part(title);
    this.terminal.prose(breakage.change[this.language]);
    const asked = await this.predict(breakage.question);
    if ('show' in breakage) await this.demonstrate(breakage);
    else await this.try(breakage);
    this.terminal.line();
    this.asker.answer(asked);
  }

  private async leavesOut({ title, needsRoot }: { title: Text; needsRoot?: Text }): Promise<boolean> {
    if (needsRoot === undefined || !isRootless()) return false;
    await this.terminal.pause();
    skipPart(title[this.language], needsRoot[this.language], this.terminal, this.language);
    return true;
  }

  private async predict(question: Question): Promise<Asked> {
    this.terminal.line();
    const asked = await this.asker.ask(question);
    this.terminal.line();
    return asked;
  }

  /** A program that runs, or is refused, as the lesson claims. */
  private async try(trial: BrokenProgram): Promise<void> {
    const program = trial.program(this.stage(trial.inside ?? ''));
    if (trial.outcome !== 'runs') return this.performFailure(program, trial.outcome);
    const found = await this.perform(program, trial.evidence?.bind(trial));
    this.terminal.line();
    if (found) showEvidence(this.terminal, this.language, found);
  }

  /** The engine's functions at work, and what is to be seen of it; or their refusal, as the lesson claims. */
  private async demonstrate(demonstration: Demonstration): Promise<void> {
    const { refused } = demonstration;
    const tell = (line: string) => bar(this.terminal, [line]);
    try {
      const evidence = await demonstration.show(this.scratch, tell);
      if (refused !== undefined) throw new ClaimError(`${words.unexpected[this.language]} ${refused}`);
      this.terminal.line();
      showEvidence(this.terminal, this.language, evidence);
    } catch (error) {
      if (!(error instanceof MinidockError) || error.code !== refused) throw error;
      bar(this.terminal, [error.message], chalk.red);
      this.terminal.line(`    ${chalk.green('✓')} ${words.asMeant[this.language]}`);
    }
  }

  /** The lesson's environment with a shell in it, on the learner's terminal. */
  async shell(): Promise<number> {
    await this.lesson.prepare?.(this.scratch);
    const { run } = this.lesson;
    if ('show' in run) throw new MinidockError('lesson-cannot-run', words.noShell[this.language]);
    const program = run.program({ scratch: this.scratch, command: shellCommand(this.lesson, this.scratch) });
    const performance = this.start(program, 'inherit');
    await performance.ready();
    await performance.goSilently();
    const code = await performance.exited();
    this.current = undefined;
    return code;
  }

  /** The program of `run` as it is composed for this session; undefined where the lesson has none. */
  get composer(): (() => Program) | undefined {
    const { run } = this.lesson;
    return 'show' in run ? undefined : () => run.program(this.stage(run.inside));
  }

  /** The same by other means, where the lesson has that. */
  async compare(): Promise<void> {
    const { compare, comparisonNeedsRoot } = this.lesson;
    if (!compare) return;
    if (await this.leavesOut({ title: words.comparison, needsRoot: comparisonNeedsRoot })) return;
    const comparison = await compare(this.stage(''), this.seen!);
    await this.terminal.part(comparison.title[this.language]);
    showEvidence(this.terminal, this.language, comparison.evidence);
  }

  private stage(inside: string): Stage {
    return stageOf(this.scratch, inside);
  }

  private start(program: Program, stdio: 'pipe' | 'inherit'): Performance {
    const narrator = new Narrator(this.terminal, this.language, this.seenSteps, this.lesson.hides?.bind(this.lesson));
    this.narrator = narrator;
    const stepper = this.step ? new Stepper(this.terminal, narrator, this.language) : undefined;
    this.stepper = stepper;
    this.current = new Performance(
      program,
      {
        done: event => narrator.done(event),
        over: () => stepper?.over.abort(),
        before:
          stepper &&
          (async (event, processes) => {
            if (!this.lesson.hides?.(event.step)) await stepper.before(event, processes);
          }),
        replaced: step => {
          narrator.replaced(step);
          if (stdio === 'inherit') this.welcome();
        },
      },
      stdio,
    );
    return this.current;
  }

  private welcome(): void {
    this.terminal.line();
    this.terminal.paragraph(words.shellHello[this.language], line => chalk.green(line));
    this.terminal.line();
  }

  private async perform(
    program: Program,
    evidence: ((host: Moment, container: Moment) => Evidence) | undefined,
  ): Promise<Evidence | undefined> {
    const performance = this.start(program, 'pipe');
    try {
      await performance.ready();
      await performance.go();
      this.narrator?.end();
      await this.stepper?.after(performance.processes);
      const output = await performance.output();
      if (output.length > 0) this.quote(output);
      const { scratch } = this;
      const host = momentOf('self', { hostname: os.hostname(), output: [], scratch });
      const hostname = await hostnameOf(performance.pid);
      const found = evidence?.(host, momentOf(performance.pid, { hostname, output, scratch }));
      await performance.end();
      this.current = undefined;
      if (fs.existsSync(`/proc/${performance.pid}`))
        throw new ClaimError(`process ${performance.pid} is still there after its end`);
      return found;
    } catch (error) {
      throw performance.explain(error);
    }
  }

  private async performFailure(program: Program, fails: Refusal): Promise<void> {
    const performance = this.start(program, 'pipe');
    const failure = await performance
      .ready()
      .then(() => performance.go())
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    await performance.stop();
    this.narrator?.end();
    this.current = undefined;
    const { refused } = performance;
    const asMeant = failure !== undefined && refused?.call === fails.call && refused.errno === fails.errno;
    if (!asMeant && failure !== undefined) throw performance.explain(failure);
    if (!asMeant) throw new ClaimError(`${words.unexpected[this.language]} ${fails.call} = ${fails.errno}`);
    this.terminal.line(
      `    ${chalk.green('✓')} ${fails.errno}${words.colon[this.language]}${words.asMeant[this.language]}`,
    );
  }

  private quote(lines: readonly string[]): void {
    this.terminal.line();
    this.terminal.line(words.says[this.language]);
    bar(this.terminal, lines);
  }
}

/** bash where it can be: dash complains when it leaves a PID namespace that its terminal does not know. */
function shellCommand(lesson: Lesson, scratch: string): Command {
  const shell = lesson.shell ?? (fs.existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh');
  const argv = shell === '/bin/bash' ? ['bash', '--norc', '--noprofile'] : ['sh'];
  const env = [PATH, `LESSON=${scratch}`, `TERM=${process.env.TERM ?? 'dumb'}`, 'HOME=/root', `PS1=(${lesson.id}) # `];
  return { path: shell, argv, env };
}
