/**
 * Runs unit tests one file after the other in this process: `unit-host.ts FILE…`. Before a file it prints a line with RS
 * (U+001E) and the file's name, after it a line with RS, `=` and the file's exit code; between them is what uvu prints.
 *
 * Each file has a temporary folder of its own. After it the working directory, the environment and the umask are as before,
 * and what its tests gave to `onExit` is done.
 */
import { join } from 'node:path';
import { cleanUp, temporaryFolder } from '../support/cleanup.ts';

/** uvu's own way to load several files in one process: it starts nothing by itself while UVU_DEFER is set. */
const queue = globalThis as unknown as { UVU_DEFER: number; UVU_QUEUE: unknown[][]; UVU_INDEX: number };
queue.UVU_DEFER = 1;
const { exec, test } = await import('uvu');

for (const file of process.argv.slice(2)) {
  process.stdout.write(`\n\u001e${file}\n`);
  const code = await runUnit(file);
  process.stdout.write(`\n\u001e=${code}\n`);
}

/** A server or a timer that a test left would keep a process of its own from ending: here it is a failure as well. */
setTimeout(() => {
  process.stdout.write(`still open: ${process.getActiveResourcesInfo().join(', ')}\n`);
  process.exit(1);
}, 5000).unref();

async function runUnit(file: string): Promise<number> {
  const before = { folder: process.cwd(), environment: { ...process.env }, mask: process.umask() };
  // The first name of a group is the file's, which uvu prints: the runner does.
  const group: unknown[] = [null];
  queue.UVU_QUEUE = [group];
  queue.UVU_INDEX = 0;
  process.exitCode = 0;
  // What tests leave in here carries this run's name, and goes.
  process.env.TMPDIR = temporaryFolder('unit');
  try {
    await import(join(process.cwd(), file));
    if (group.length === 1) console.log('this file does not end with test.run()');
    else await exec();
  } catch (error) {
    console.log((error as Error).stack);
    process.exitCode = 1;
  }
  // Tests that were registered and not run would run with the next file's.
  queue.UVU_QUEUE = [[]];
  test.run();
  cleanUp();
  process.chdir(before.folder);
  process.umask(before.mask);
  for (const name of Object.keys(process.env)) if (!(name in before.environment)) delete process.env[name];
  Object.assign(process.env, before.environment);
  const code = Number(process.exitCode ?? 0);
  process.exitCode = 0;
  return code;
}
