import chalk from 'chalk';
import { MinidockError } from '../../errors.ts';
import { findLesson, lessonIds, loadLesson, readText } from '../catalog.ts';
import type { Figure } from '../figure/figure.ts';
import { drawFigure } from '../figure/terminal.ts';
import type { Lesson } from '../lesson.ts';
import type { Options } from '../options.ts';
import { Progress } from '../progress.ts';
import { randomOf } from '../question.ts';
import { Quit, type Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { type Picture, renderMarkdown } from '../text/markdown.ts';
import { LessonText, type SectionKey } from '../text/sections.ts';
import { words } from '../text/words.ts';
import { Asker } from './ask.ts';
import { showGlossary, showReading } from './closing.ts';
import { missing } from './requirements.ts';
import { Session } from './session.ts';

/** Runs one lesson to its end. Resolves with the process's exit status; leaves nothing behind in any case. */
export async function runLesson(options: Options, terminal: Terminal): Promise<number> {
  const { language } = options;
  const ids = lessonIds();
  const id = findLesson(options.lesson!, ids);
  const lesson = await loadLesson(id);
  const text = new LessonText(readText(id, language));
  terminal.line();
  write(terminal, options.shell ? text.title : text.introduction);
  refuse(lesson, language);
  const asker = new Asker(terminal, language, randomOf(process.env));
  const session = new Session(lesson, { terminal, language, asker, step: options.step });
  const release = closeOnSignal(session, () => {
    terminal.line();
    terminal.line(chalk.yellow(words.quit[language]));
  });
  try {
    if (options.shell) return await visit(session, terminal, language);
    await play(lesson, text, { session, asker, terminal, language });
    showReading(lesson, ids, terminal, language);
    await Progress.load().markSeen(id);
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

interface Stagehands {
  readonly session: Session;
  readonly asker: Asker;
  readonly terminal: Terminal;
  readonly language: Language;
}

/** All parts of a lesson, from the question to the glossary. */
async function play(
  lesson: Lesson,
  text: LessonText,
  { session, asker, terminal, language }: Stagehands,
): Promise<void> {
  const read = (key: SectionKey) => {
    const source = text.section(key);
    if (source === undefined) return;
    terminal.line();
    write(terminal, source, lesson.figure && pictureOf(lesson.figure, language));
  };
  terminal.part(words.prediction[language]);
  const asked = await asker.ask(lesson.question);
  terminal.part(words.program[language]);
  await session.run();
  terminal.part(words.answer[language]);
  asker.answer(asked);
  read('idea');
  read('syscalls');
  if (lesson.byHand) {
    terminal.part(words.byHand[language]);
    terminal.prose(
      `${lesson.byHand.caption[language]}\n\n\`\`\`${lesson.byHand.language}\n${lesson.byHand.lines}\n\`\`\``,
    );
  }
  await session.compare();
  for (const experiment of lesson.experiments) await session.experiment(experiment);
  for (const breakage of lesson.breakIt ?? []) await session.breakage(breakage);
  terminal.part(words.seen[language]);
  write(terminal, lesson.seen.map(one => `- ${one[language]}`).join('\n'));
  read('exercise');
  read('engine');
  for (const [i, question] of (lesson.recap ?? []).entries()) {
    terminal.part(`${words.recap[language]} ${i + 1}/${lesson.recap!.length}`);
    const recalled = await asker.ask(question);
    terminal.line();
    asker.answer(recalled);
  }
  showGlossary(lesson, terminal, language);
}

function write(terminal: Terminal, source: string, picture?: Picture): void {
  terminal.lines(renderMarkdown(source, { width: terminal.width, chalk, picture }).trimEnd().split('\n'));
}

/** The lesson's figure in place of its image, with the title that the image has in itself. */
function pictureOf(figure: Figure, language: Language): Picture {
  return (file, width) =>
    file.startsWith('figure.')
      ? [chalk.bold(figure.title[language]), ...drawFigure(figure, language, { width, chalk })]
      : undefined;
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
