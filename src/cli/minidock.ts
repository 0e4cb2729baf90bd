import { settingsFrom } from './context.ts';
import { main, report } from './main.ts';
import { standardOutput } from './output.ts';

/** The program behind bin/minidock. Output is synchronous, so leaving at once loses nothing. */
process.on('uncaughtException', error => process.exit(report(error, false, standardOutput)));

main(process.argv.slice(2), standardOutput, globals => ({
  settings: settingsFrom(globals, process.env),
  env: process.env,
  output: standardOutput,
  engine: async () => {
    throw new Error('the engine is not there yet');
  },
})).then(code => process.exit(code));
