/**
 * `npm run demo`: a web server in a container on a published port, fetched from the host, and what the kernel says of it.
 * On a terminal the server stays until Enter or Ctrl-C. Afterwards only the cache of images is left.
 */
import { createInterface } from 'node:readline/promises';
import chalk from 'chalk';
import { boundSockets, listenerOn } from '../src/host/sockets.ts';
import { type DemoEngine, demoEngine, lockDemo } from './demo/engine.ts';
import { factsOf, rulesAbout } from './demo/facts.ts';
import { fetchPage, heading, phase, showFacts, showPage, timings } from './demo/show.ts';
import { chooseSource, type Source, standIn } from './demo/source.ts';

let source: Source | undefined;
let engine: DemoEngine | undefined;
let cleaning: Promise<void> | undefined;

/** Runs once, for the end of the demo or a signal, whichever comes first. */
function clean(): Promise<void> {
  cleaning ??= (async () => {
    await engine?.clean();
    await source?.stop();
  })();
  return cleaning;
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.once(signal, () => {
    console.log(`\n${signal}: taking everything down`);
    clean().then(
      () => process.exit(code),
      error => fail(error),
    );
  });

function fail(error: unknown): never {
  const { message, fix } = error as { message?: string; fix?: string };
  console.error(chalk.red(`demo: ${message ?? error}`) + (fix ? `\n  fix: ${fix}` : ''));
  process.exit(1);
}

/** 8080, or the next port that is free; says who holds 8080. */
function choosePort(): number {
  const taken = new Set(
    boundSockets('tcp')
      .filter(socket => socket.listening)
      .map(socket => socket.port),
  );
  let port = 8080;
  while (taken.has(port)) port++;
  if (port !== 8080) {
    const holder = listenerOn({ hostPort: 8080, protocol: 'tcp' });
    const who = holder ? `${holder.command} (process ${holder.pid})` : 'another process';
    console.log(chalk.yellow(`port 8080 is taken by ${who}; using ${port}`));
  }
  return port;
}

/** Runs the main job; resolves with the container's id. */
async function runServer(port: number): Promise<string> {
  const command = ['run', '-d', '-p', `${port}:80`, 'nginx:alpine'];
  console.log(`\n${chalk.bold(`$ minidock ${command.join(' ')}`)}`);
  const first = await phase('minidock run', () => engine!.minidock(command));
  if (first.exitCode === 0) return first.stdout.trim();
  if (source!.kind === 'stand-in' || cleaning) throw new Error(`minidock run failed:\n${first.stderr}`);
  console.log(
    chalk.yellow(`${first.stderr.trim()}\nThe pull failed (Docker Hub limits anonymous pulls); falling back:`),
  );
  await clean();
  cleaning = undefined;
  await start(await phase('stand-in image and registry', standIn));
  return await runServer(port);
}

async function start(chosen: Source): Promise<void> {
  source = chosen;
  console.log((chosen.kind === 'stand-in' ? chalk.yellow : chalk.green)(chosen.description));
  engine = demoEngine(chosen.kind, chosen.config);
  await engine.prepare();
}

async function main(): Promise<void> {
  await lockDemo();
  heading('minidock: a web server in a container');
  await start(await phase('image source', chooseSource));
  const port = choosePort();
  const id = await runServer(port);
  console.log(chalk.green(id));

  const page = await phase('page fetched', () => fetchPage(`http://127.0.0.1:${port}/`));
  const inspected = await engine!.minidock(['inspect', id]);
  const record = JSON.parse(inspected.stdout)[0];
  const facts = factsOf(record.State.Pid);
  const address = record.NetworkSettings.IPAddress || record.NetworkSettings.Networks?.bridge?.IPAddress;
  showFacts({
    engine: engine!,
    record,
    facts,
    rules: rulesAbout([`${address}:`, `${address}/`, `${engine!.bridge} `]),
  });
  showPage(page);
  if (source!.kind === 'stand-in')
    console.log(chalk.yellow("\nThis was a stand-in made on this machine, not Docker Hub's nginx:alpine."));
  timings();

  if (process.stdin.isTTY && process.stdout.isTTY && !process.env.CI) {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    await terminal.question(`\nhttp://127.0.0.1:${port}/ is up. Enter takes it down. `);
    terminal.close();
  }
  await clean();
  console.log(chalk.dim('Everything is taken down again; images stay in /var/cache/minidock-demo, .cache'));
}

main().then(
  () => process.exit(0),
  async error => {
    await clean().catch(() => {});
    fail(error);
  },
);
