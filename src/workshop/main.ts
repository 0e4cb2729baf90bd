import chalk, { chalkStderr } from 'chalk';
import { MinidockError } from '../errors.ts';
import { findLesson, lessonIds, readTitle } from './catalog.ts';
import { parseOptions } from './options.ts';
import { isRootless } from './rootless/as-root.ts';
import { Quit, Terminal } from './terminal.ts';
import { refusals } from './text/refusals.ts';
import { words } from './text/words.ts';

// chalk knows FORCE_COLOR and terminals, but not https://no-color.org.
if (process.env.NO_COLOR) chalk.level = chalkStderr.level = 0;

/** `npm run lesson`: see `words.usage`. What a command does not need is not loaded: the first line comes sooner. */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), process.env);
  const terminal = new Terminal(options.language);
  if (options.ignored.length > 0 && options.mistyped === undefined)
    console.error(chalkStderr.yellow(`${words.ignored[options.language]} ${options.ignored.join(' ')}`));
  try {
    if (options.mistyped !== undefined)
      throw new MinidockError('usage', refusals.notUnderstood(options.mistyped.word)[options.language], {
        fix: refusals.didYouMean(options.mistyped.meant)[options.language],
      });
    if (options.help) console.log(words.usage[options.language]);
    else if (options.action !== undefined)
      return await (await import('./exercise/commands.ts')).exerciseCommand(options, terminal);
    else if (options.lesson === undefined)
      await (await import('./play/list.ts')).listLessons(terminal, options.language);
    else {
      terminal.paged = true;
      const id = findLesson(options.lesson, lessonIds(), options.language);
      if (!isRootless()) terminal.title(`${Number(id.slice(0, 2))}. ${readTitle(id, options.language)}`);
      return await (await import('./play/runner.ts')).runLesson(options, id, terminal);
    }
    return 0;
  } catch (error) {
    return failed(error, terminal);
  }
}

/** What went wrong is one line, without a stack trace where it is ours to explain. */
function failed(error: unknown, terminal: Terminal): number {
  if (error instanceof Quit) return error.exitCode;
  terminal.flush();
  if (!(error instanceof MinidockError)) throw error;
  console.error(chalkStderr.red(`lesson: ${error.message}`));
  if (error.fix) console.error(chalkStderr.yellow(error.fix));
  return 1;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // EIO: the terminal is gone.
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  // `npm run lesson 04 | head`: nobody reads on. A lesson that runs cleans up as on any other signal.
  if (!process.emit('SIGTERM')) process.exit(0);
});

process.exitCode = await main();
