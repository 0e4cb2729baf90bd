import chalk from 'chalk';
import { MinidockError } from '../../errors.ts';
import { lessonIds, loadLesson, readText } from '../catalog.ts';
import type { Figure } from '../figure/figure.ts';
import { drawFigure } from '../figure/terminal.ts';
import type { Lesson } from '../lesson.ts';
import type { Options } from '../options.ts';
import { Progress } from '../progress.ts';
import { randomOf } from '../question.ts';
import { isRootless } from '../rootless/as-root.ts';
import { runRootless } from '../rootless/rootless.ts';
import { Quit, type Terminal } from '../terminal.ts';
import { type Language, wayToStay } from '../text/language.ts';
import { type Picture, renderMarkdown } from '../text/markdown.ts';
import { LessonText, type SectionKey } from '../text/sections.ts';
import { wrapText } from '../text/width.ts';
import { words } from '../text/words.ts';
import { Asker } from './ask.ts';
import { showGlossary, showReading, showStaying } from './closing.ts';
import { showOrigins } from './origins.ts';
import { missing } from './requirements.ts';
import { Session } from './session.ts';

/**
 * Runs one lesson to its end; its title is on the terminal already. Resolves with the process's exit status; leaves nothing
 * behind in any case.
 */
export async function runLesson(options: Options, id: string, terminal: Terminal): Promise<number> {
  const { language } = options;
  const ids = lessonIds();
  const lesson = await loadLesson(id);
  const text = new LessonText(readText(id, language));
  const staying = wayToStay(language, process.env);
  // What a lesson starts, engines and shells, speaks it as well.
  process.env.MINIDOCK_LANG = language;
  if (lesson.rootless && process.getuid?.() !== 0 && !isRootless()) return runRootless(terminal, language);
  if (!options.shell) write(terminal, text.introduction);
  refuse(lesson, language);
  const asker = new Asker(terminal, language, randomOf(process.env));
  const session = new Session(lesson, { terminal, language, asker, step: options.step });
  const bye = () => {
    terminal.line();
    terminal.line(chalk.yellow(words.quit[language]));
  };
  const release = closeOnSignal(session, bye);
  try {
    if (options.shell) return await visit(session, terminal, language);
    await play(lesson, text, { session, asker, terminal, language, staying });
    await showReading(lesson, ids, terminal, language);
    await terminal.settle();
    await Progress.load().markSeen(id);
    return 0;
  } catch (error) {
    // A signal ends the lesson, and what it interrupted fails: the signal's handler exits.
    if (session.isClosing) return await new Promise(() => {});
    if (error instanceof Quit) bye();
    throw error;
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
  /** How later commands speak this language as well, where the environment does not say so. */
  readonly staying: string | undefined;
}

/** All parts of a lesson, from the question to the glossary. */
async function play(
  lesson: Lesson,
  text: LessonText,
  { session, asker, terminal, language, staying }: Stagehands,
): Promise<void> {
  const read = async (key: SectionKey) => {
    const section = text.section(key);
    if (section === undefined) return;
    await terminal.part(section.heading);
    write(terminal, section.body, lesson.figure && pictureOf(lesson.figure, language));
  };
  await terminal.part(words.prediction[language]);
  const asked = await asker.ask(lesson.question);
  await terminal.part(words['show' in lesson.run ? 'demonstration' : 'program'][language]);
  await session.run();
  await terminal.part(words.answer[language]);
  asker.answer(asked);
  await read('idea');
  await read('syscalls');
  const { caption, language: code, lines } = lesson.byHand;
  await terminal.part(words.byHand[language]);
  terminal.prose(`${caption[language]}\n\n\`\`\`${code}\n${lines}\n\`\`\``);
  if (session.composer) {
    await terminal.part(words.made[language]);
    showOrigins(session.composer, terminal, language, lesson.hides?.bind(lesson));
  }
  await session.compare();
  await session.trials();
  await terminal.part(words.summary[language]);
  write(terminal, lesson.seen.map(one => `- ${one[language]}`).join('\n'));
  await read('exercise');
  showStaying(staying, terminal, language);
  await read('engine');
  for (const [i, question] of lesson.recap.entries()) {
    await terminal.part(`${words.recap[language]} ${i + 1}/${lesson.recap.length}`);
    const recalled = await asker.ask(question);
    terminal.line();
    asker.answer(recalled);
  }
  await showGlossary(lesson, terminal, language);
}

function write(terminal: Terminal, source: string, picture?: Picture): void {
  terminal.lines(renderMarkdown(source, { width: terminal.width, chalk, picture }).trimEnd().split('\n'));
}

/** The lesson's figure in place of its image, with the title that the image has in itself. */
function pictureOf(figure: Figure, language: Language): Picture {
  return (file, width) =>
    file.startsWith('figure.')
      ? [
          ...wrapText(figure.title[language], width).map(line => chalk.bold(line)),
          ...drawFigure(figure, language, { width, chalk }),
        ]
      : undefined;
}

async function visit(session: Session, terminal: Terminal, language: Language): Promise<number> {
  await terminal.part(words.program[language]);
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
    `${words.cannotRun[language]}${words.colon[language]}${reasons.map(reason => reason[language]).join(' ')}`,
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
