import fs from 'node:fs';
import path from 'node:path';
import chalk from 'chalk';
import { MinidockError } from '../../errors.ts';
import { findLesson, lessonIds, lessonsFolder, loadLesson, readText } from '../catalog.ts';
import type { Lesson, Question } from '../lesson.ts';
import type { Options } from '../options.ts';
import { Progress } from '../progress.ts';
import { Quit, type Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { markdownSections, renderMarkdown } from '../text/markdown.ts';
import { padTo, widthOf, wrapText } from '../text/width.ts';
import { words } from '../text/words.ts';
import { missing } from './requirements.ts';
import { Session } from './session.ts';

/** Sections of the text that are read before the run: title, what you will see, idea, syscalls. */
const BEFORE = 4;

/** Lists the lessons: number, title, what it is about, done or not. */
export async function listLessons(terminal: Terminal, language: Language): Promise<void> {
  const progress = Progress.load();
  const lessons = await Promise.all(lessonIds().map(loadLesson));
  const widest = Math.max(...lessons.map(lesson => widthOf(lesson.title[language])));
  terminal.part(words.lessons[language]);
  for (const lesson of lessons) {
    const done = progress.isDone(lesson.id);
    const mark = done ? chalk.green('✓') : chalk.dim('·');
    const state = done ? chalk.green(words.done[language]) : '';
    terminal.line(
      `${mark} ${chalk.cyan(lesson.id.slice(0, 2))}  ${chalk.bold(padTo(lesson.title[language], widest))}  ${state}`.trimEnd(),
    );
    for (const line of wrapText(lesson.about[language], terminal.width - 6)) terminal.line(`      ${chalk.dim(line)}`);
  }
  terminal.line();
  terminal.paragraph(words.howToRun[language], line => chalk.dim(line));
  terminal.line();
}

/** Runs one lesson to its end. Resolves with the process's exit status; leaves nothing behind in any case. */
export async function runLesson(options: Options, terminal: Terminal): Promise<number> {
  const { language } = options;
  const ids = lessonIds();
  const id = findLesson(options.lesson!, ids);
  const lesson = await loadLesson(id);
  const sections = markdownSections(readText(id, language));
  const write = (source: string) =>
    terminal.lines(renderMarkdown(source, { width: terminal.width, chalk }).trimEnd().split('\n'));

  terminal.line();
  if (options.shell) write(sections[0]!.source.split('\n')[0]!);
  else
    for (const section of sections.slice(0, BEFORE)) {
      write(section.source);
      terminal.line();
    }
  refuse(lesson, language);
  const session = new Session(lesson, terminal, language, options.step);
  const release = closeOnSignal(session, () => {
    terminal.line();
    terminal.line(chalk.yellow(words.quit[language]));
  });
  try {
    if (options.shell) return await visit(session, terminal, language);
    const guess = await predict(lesson.question, terminal, language);
    terminal.part(words.program[language]);
    await session.run();
    answer(lesson.question, guess, terminal, language);
    for (const experiment of lesson.experiments) await session.experiment(experiment);
    await session.compare();
    finish(
      lesson,
      sections.slice(BEFORE, BEFORE + 1).map(section => section.source),
      ids,
      terminal,
      language,
      write,
    );
    Progress.load().markDone(id);
    return 0;
  } catch (error) {
    if (!(error instanceof Quit)) throw error;
    terminal.line();
    terminal.line(chalk.yellow(words.quit[language]));
    return error.exitCode;
  } finally {
    await session.close();
    release();
  }
}

async function visit(session: Session, terminal: Terminal, language: Language): Promise<number> {
  terminal.part(words.program[language]);
  await session.shell();
  await session.close();
  terminal.line();
  terminal.line(chalk.green(words.shellBye[language]));
  return 0;
}

function refuse(lesson: Lesson, language: Language): void {
  const reasons = lesson.needs.map(missing).filter(reason => reason !== undefined);
  if (reasons.length === 0) return;
  throw new MinidockError(
    'lesson-cannot-run',
    `${words.cannotRun[language]}: ${reasons.map(reason => reason[language]).join(' ')}`,
  );
}

/** Asks for the learner's expectation; without a terminal it only shows the question. The index of the choice, if any. */
async function predict(question: Question, terminal: Terminal, language: Language): Promise<number | undefined> {
  terminal.part(words.prediction[language]);
  terminal.prose(question.ask[language]);
  terminal.line();
  terminal.prose(question.choices.map((choice, i) => `${i + 1}. ${choice[language]}`).join('\n'));
  if (!terminal.interactive) return undefined;
  terminal.line();
  terminal.line(chalk.yellow(words.chooseKey[language]));
  const key = await terminal.key(
    pressed => pressed === 'enter' || (typeof pressed === 'object' && pressed.digit <= question.choices.length),
  );
  if (typeof key !== 'object') return undefined;
  terminal.prose(`→ ${question.choices[key.digit - 1]![language]}`);
  return key.digit - 1;
}

function answer(question: Question, guess: number | undefined, terminal: Terminal, language: Language): void {
  terminal.part(words.answer[language]);
  if (guess === question.right) terminal.line(chalk.green(`✓ ${words.right[language]}`));
  else if (guess !== undefined) terminal.prose(`${words.wrong[language]} ${question.choices[guess]![language]}`);
  terminal.paragraph(question.choices[question.right]![language].replaceAll('`', ''), line => chalk.bold(line));
  terminal.line();
  terminal.prose(question.because[language]);
}

function finish(
  lesson: Lesson,
  closing: readonly string[],
  ids: readonly string[],
  terminal: Terminal,
  language: Language,
  write: (source: string) => void,
): void {
  terminal.part(words.seen[language]);
  write(lesson.seen.map(text => `- ${text[language]}`).join('\n'));
  for (const source of closing) {
    terminal.line();
    write(source);
  }
  terminal.part(words.readOn[language]);
  const folder = path.relative(process.cwd(), path.join(lessonsFolder, lesson.id)) || '.';
  const translated = language === 'zh' && fs.existsSync(path.join(lessonsFolder, lesson.id, 'README.zh-CN.md'));
  const next = ids[ids.indexOf(lesson.id) + 1];
  const rows: [string, string][] = [
    [words.readme[language], `${folder}/${translated ? 'README.zh-CN.md' : 'README.md'}`],
    ...lesson.sources.map((source, i): [string, string] => [i === 0 ? words.source[language] : '', source]),
    ...(lesson.engineCommand
      ? [[words.command[language], `bin/${lesson.engineCommand.join(' ')}`] as [string, string]]
      : []),
    next ? [words.next[language], `npm run lesson ${next}`] : [words.last[language], ''],
  ];
  const widest = Math.max(...rows.map(([label]) => widthOf(label)));
  for (const [label, value] of rows) {
    const fits = widest + 2 + widthOf(value) <= terminal.width;
    if (fits) terminal.line(`${padTo(label, widest)}  ${chalk.cyan(value)}`.trimEnd());
    else terminal.line(`${label}\n    ${chalk.cyan(value)}`);
  }
  terminal.line();
}

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * On a signal: undoes everything, then exits with the code that shells give for that signal. Returns a function that
 * removes the handlers.
 */
function closeOnSignal(session: Session, say: () => void): () => void {
  const listeners = Object.entries(exitCodes).map(([signal, code]) => {
    const listener = () => {
      void session.close().finally(() => {
        say();
        process.exit(code);
      });
    };
    process.on(signal, listener);
    return [signal, listener] as const;
  });
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}
