import chalk, { chalkStderr } from 'chalk';
import { MinidockError } from '../../errors.ts';
import { Quit, Terminal } from '../terminal.ts';
import { languageOf } from '../text/language.ts';
import { labCommand } from './commands.ts';
import { parseLabOptions } from './options.ts';

// chalk knows FORCE_COLOR and terminals, but not https://no-color.org.
if (process.env.NO_COLOR) chalk.level = chalkStderr.level = 0;

/** `npm run lab`: see `says.usage`. */
async function main(): Promise<number> {
  let terminal = new Terminal(languageOf(process.env));
  try {
    const options = parseLabOptions(process.argv.slice(2), process.env);
    terminal = new Terminal(options.language);
    return await labCommand(options, terminal);
  } catch (error) {
    if (error instanceof Quit) return error.exitCode;
    terminal.flush();
    if (!(error instanceof MinidockError)) throw error;
    console.error(chalkStderr.red(`lab: ${error.message}`));
    if (error.fix) console.error(chalkStderr.yellow(error.fix));
    return 2;
  }
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // EIO: the terminal is gone. EPIPE: nobody reads on.
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  process.exit(0);
});

process.exitCode = await main();
