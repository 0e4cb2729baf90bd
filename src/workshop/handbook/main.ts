import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import chalk, { chalkStderr } from 'chalk';
import { requireRoot } from '../../cli/context.ts';
import { MinidockError } from '../../errors.ts';
import { lessonIds } from '../catalog.ts';
import { replaceFolder } from './folder.ts';
import { parseHandbook, usage } from './options.ts';
import { birth, type Made, makeSite } from './site.ts';

const checkout = fileURLToPath(new URL('../../../', import.meta.url));
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** `npm run handbook`: see `usage`. Returns the exit code. */
async function main(): Promise<number> {
  const options = parseHandbook(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const abort = new AbortController();
  for (const signal of Object.keys(exitCodes) as (keyof typeof exitCodes)[])
    process.once(signal, () => abort.abort(signal));
  try {
    await (options.live
      ? live(abort.signal)
      : make(path.resolve(options.out ?? path.join(checkout, 'handbook')), abort.signal));
    return 0;
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    clearLine();
    return exitCodes[abort.signal.reason as keyof typeof exitCodes];
  }
}

async function make(target: string, abort: AbortSignal): Promise<void> {
  const made = await replaceFolder(target, folder => makeSite(folder, { tell, abort }));
  report(made);
  console.log(`${chalk.green('✓')} ${made.pages} pages: ${chalk.cyan(path.join(target, 'index.html'))}`);
}

/** Until a signal comes. */
async function live(abort: AbortSignal): Promise<void> {
  requireRoot();
  const { serveLive } = await import('./live/server.ts');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-handbook-'));
  try {
    report(await makeSite(folder, { tell, abort }));
    const server = await serveLive(folder, new Set([...lessonIds(), birth]));
    console.log(
      `${chalk.green('✓')} the handbook, for this machine only: ${chalk.cyan(server.url)}\n  Ctrl-C ends it.`,
    );
    await new Promise(resolve => abort.addEventListener('abort', resolve, { once: true }));
    await server.close();
    abort.throwIfAborted();
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function tell(id: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${chalkStderr.dim(`recording ${id}`)}`);
}

function clearLine(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

function report({ failures }: Made): void {
  clearLine();
  for (const { id, reason } of failures) console.error(chalkStderr.yellow(`${id}: not recorded: ${reason}`));
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof MinidockError)) throw error;
  clearLine();
  console.error(chalkStderr.red(`handbook: ${error.message}`));
  if (error.fix) console.error(chalkStderr.yellow(error.fix));
  process.exitCode = 1;
}
