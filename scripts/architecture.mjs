/**
 * The gate for what no type checker sees: who may import whom, how large folders and files get, what the hot path loads,
 * that docs/cli.md is what the flag tables say, and that what pages and comments name is there. Prints the rooms in order,
 * each with those that it knows.
 *
 *   node scripts/architecture.mjs [--write]     --write brings docs/cli.md up to date
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cliReference } from './architecture/cli-reference.mjs';
import { importsOf } from './architecture/imports.mjs';
import { staleComments, stalePages } from './architecture/pages.mjs';
import { roomOf, rooms } from './architecture/rooms.mjs';
import {
  arrowsUp,
  circles,
  forbidden,
  hotPath,
  printers,
  programStarters,
  shimUsers,
  sizes,
  unknownRooms,
  unusedErrorCodes,
} from './architecture/rules.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = readdirSync(`${root}src`, { recursive: true })
  .map(name => `src/${name}`)
  .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .sort();
const imports = new Map(files.map(file => [file, importsOf(root, file)]));
const verbs = ['container/run', 'container/ls', 'container/exec', 'container/logs', 'container/stop', 'container/rm'];

const up = arrowsUp(files, imports);
const problems = [
  ...unknownRooms(root, files),
  ...up,
  ...circles(files, imports),
  ...forbidden(
    files,
    imports,
    file => file !== 'src/cli/grammar/help.ts',
    path => path === 'yargs',
    'only src/cli/grammar/help.ts renders with yargs',
  ),
  ...hotPath(imports, [
    'src/cli/minidock.ts',
    'src/engine/local.ts',
    ...[...verbs, 'image/ls', 'system/inspect'].map(name => `src/cli/verbs/${name}.ts`),
  ]),
  ...programStarters(files, imports),
  ...printers(root, files),
  ...shimUsers(root, files),
  ...sizes(root, files),
  ...unusedErrorCodes(root, files),
  ...stalePages(root),
  ...staleComments(root),
  ...(await cliReference(root, process.argv.includes('--write'))),
];

for (const [name] of rooms) {
  const own = files.filter(file => roomOf(file) === name);
  const known = new Set(own.flatMap(file => imports.get(file).map(({ path }) => roomOf(path) ?? '')));
  const below = rooms.map(([other]) => other).filter(other => other !== name && known.has(other));
  console.log(`${name.padEnd(10)}${String(own.length).padStart(4)} files  → ${below.join(' ') || '–'}`);
}
for (const problem of problems) console.error(problem);
const count = (number, what) => `${number} ${what}${number === 1 ? '' : 's'}`;
console.log(`${count(files.length, 'file')}, ${count(up.length, 'arrow')} up, ${count(problems.length, 'problem')}`);
process.exitCode = problems.length === 0 ? 0 : 1;
