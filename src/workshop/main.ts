import chalk from 'chalk';
import { MinidockError } from '../errors.ts';
import { parseOptions } from './options.ts';
import { listLessons } from './play/list.ts';
import { runLesson } from './play/runner.ts';
import { ClaimError } from './play/session.ts';
import { Terminal } from './terminal.ts';
import { words } from './text/words.ts';

/** `npm run lesson`: see `words.usage`. */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), process.env);
  const terminal = new Terminal();
  if (options.ignored.length > 0)
    console.error(chalk.yellow(`${words.ignored[options.language]} ${options.ignored.join(' ')}`));
  if (options.help) console.log(words.usage[options.language]);
  else if (options.action !== undefined) {
    const { exerciseCommand } = await import('./exercise/commands.ts');
    return exerciseCommand(options, terminal);
  } else if (options.lesson === undefined) await listLessons(terminal, options.language);
  else return runLesson(options, terminal);
  return 0;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  // `npm run lesson 04 | head`: nobody reads on. A lesson that runs cleans up as on any other signal.
  if (!process.emit('SIGTERM')) process.exit(0);
});

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof MinidockError) && !(error instanceof ClaimError)) throw error;
  console.error(chalk.red(`lesson: ${error.message}`));
  if (error instanceof MinidockError && error.fix) console.error(chalk.yellow(error.fix));
  process.exitCode = 1;
}
