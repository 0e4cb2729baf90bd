import yargs, { type Argv, type Options } from 'yargs';
import { groups } from '../groups.ts';
import { verbs } from '../verbs.ts';
import type { FlagTable } from './flags.ts';
import { globalFlags } from './global-flags.ts';
import type { Verb } from './verb.ts';

/** Help and guesses, rendered by yargs from the flag tables. Loaded only when asked for. */

/** Columns where nobody says how wide the terminal is: files, pipes, docs/cli.md. */
const widest = 100;

/** The help of `minidock` itself. */
export async function programHelp(columns?: number): Promise<string> {
  const usage = 'Usage:  minidock [OPTIONS] COMMAND\n\nA container engine that can be read, lesson by lesson';
  const parser = plain(usage, columns);
  for (const [name, entry] of Object.entries(verbs)) parser.command(name, entry.summary);
  addFlags(parser, globalFlags);
  return withHeadings(await render(parser, `Run 'minidock COMMAND --help' for more information on a command.`));
}

const headings = {
  container: 'Containers',
  image: 'Images',
  registry: 'Registries',
  network: 'Networks',
  volume: 'Volumes',
  engine: 'The engine and this machine',
};

/** yargs has one heading for all commands. */
function withHeadings(help: string): string {
  let before: string | undefined;
  let divided = help.replace('\nCommands:\n', '');
  for (const [name, { group }] of Object.entries(verbs)) {
    if (group !== before) divided = divided.replace(`\n  minidock ${name} `, `\n\n${headings[group]}:$&`);
    before = group;
  }
  return divided;
}

const groupSummaries: Readonly<Record<string, string>> = {
  manifest: 'Look at manifests in registries',
  registry: 'Be a registry',
};

/** The help of `minidock container`, `minidock image`. */
export async function groupHelp(group: string, columns?: number): Promise<string> {
  const parser = plain(
    `Usage:  minidock ${group} COMMAND\n\n${groupSummaries[group] ?? `Manage ${group}s`}`,
    columns,
    `minidock ${group}`,
  );
  for (const [name, [verb]] of membersOf(group)) parser.command(name, summaryIn(group, verb));
  return render(parser, `Run 'minidock ${group} COMMAND --help' for more information on a command.`);
}

/** `inspect` looks at everything; in a group, at what the group is of. */
function summaryIn(group: string, verb: string): string {
  return verb === 'inspect' ? `Show all that is known about ${group}s` : verbs[verb]!.summary;
}

/** The words of a group, each verb once: `list` after `ls` is another name of the same. */
function membersOf(group: string) {
  const shown = new Set<string>();
  return Object.entries(groups[group]!).filter(([_, words]) => {
    const isNew = !shown.has(words.join(' '));
    shown.add(words.join(' '));
    return isNew;
  });
}

/** @param path the verb as it was called: `image ls` */
export async function verbHelp(path: string, summary: string, verb: Verb, columns?: number): Promise<string> {
  const parser = plain(`Usage:  minidock ${path} ${verb.synopsis}\n\n${summary}`, columns);
  addFlags(parser, verb.flags);
  return render(parser);
}

/** The verb that the user most likely meant, or the one of a group. */
export async function suggestVerb(typed: string, group?: string): Promise<string | undefined> {
  const given = typed.toLowerCase();
  const names =
    group === undefined ? [...Object.keys(verbs), ...Object.keys(groups)] : membersOf(group).map(([name]) => name);
  if (names.includes(given)) return given;
  const parser = plain('').recommendCommands().strictCommands();
  for (const name of names) parser.command(name, '');
  const message = await new Promise<string>(resolve => {
    parser.parse([given], {}, (_error, _argv, output) => resolve(output));
  });
  const guess = /^Did you mean (\S+)\?$/m.exec(message)?.[1];
  // yargs takes three typos for likely: 'foo' would be 'logs'.
  return guess?.[0] === given[0] ? guess : undefined;
}

function plain(usage: string, columns = widest, script = 'minidock'): Argv {
  return yargs([])
    .scriptName(script)
    .usage(usage)
    .help(false)
    .version(false)
    .exitProcess(false)
    .locale('en')
    .wrap(Math.min(columns, widest))
    .parserConfiguration({ 'camel-case-expansion': false, 'boolean-negation': false });
}

function addFlags(parser: Argv, table: FlagTable): void {
  for (const [name, flag] of Object.entries(table)) {
    const type = Array.isArray(flag.initial) ? 'array' : typeOf(flag.value);
    parser.option(name, {
      ...(flag.short === undefined ? {} : { alias: flag.short }),
      type,
      describe: flag.help,
    });
  }
}

function typeOf(value: string | undefined): Options['type'] {
  if (value === undefined) return 'boolean';
  return value === 'int' || value === 'decimal' ? 'number' : 'string';
}

async function render(parser: Argv, epilogue?: string): Promise<string> {
  const help = separated(await parser.getHelp());
  return `${help}\n${epilogue === undefined ? '' : `\n${epilogue}\n`}`;
}

/** yargs puts a flag's type behind its text even where no space is left between them: such a type gets its own line. */
function separated(help: string): string {
  return help.replace(/^(.*\S)(\[(?:array|boolean|number|string)\])$/gm, (line, text: string, type: string) =>
    [text, type.padStart(line.length)].join('\n'),
  );
}
