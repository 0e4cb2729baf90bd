/**
 * Bundles the command line into files of dist/cli with V8's compiled code beside them (scripts/bundle/), the keeper into
 * dist/keeper.mjs, what compresses logs into dist/pack-log.mjs, and the threads that unpack layers into dist/unpack-worker.mjs.
 */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { commandLine, verbFiles } from './bundle/command-line.mjs';
import { compileRest, warmUp } from './bundle/compiled.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const options = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  packages: 'external',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
};
const programs = {
  keeper: 'src/keeper/main.ts',
  'pack-log': 'src/container/logging/pack.ts',
  'unpack-worker': 'src/storage/unpack/worker.ts',
};

const [files, ...bundles] = await Promise.all([
  commandLine(root, options),
  ...Object.entries(programs).map(async ([name, entry]) => {
    const { outputFiles } = await build({ ...options, entryPoints: [entry], outfile: `${name}.mjs`, format: 'esm' });
    return [`${name}.mjs`, outputFiles[0].text];
  }),
]);

// In a folder of its own first, where it is run to be compiled: whoever runs minidock meanwhile has the old build.
const made = mkdtempSync(join(tmpdir(), 'minidock-build-'));
try {
  cpSync(`${root}bin`, `${made}/bin`, { recursive: true });
  symlinkSync(`${root}native`, `${made}/native`);
  cpSync(`${root}src/cli/completion/scripts`, `${made}/dist/cli/scripts`, { recursive: true });
  // The package is of type module; what bin/minidock runs is not.
  writeFileSync(`${made}/dist/package.json`, '{ "type": "commonjs" }\n');
  for (const [name, text] of bundles) writeFileSync(`${made}/dist/${name}`, text);
  const write = named => {
    for (const [name, text] of Object.entries(named)) writeFileSync(`${made}/dist/cli/${name}`, text);
  };
  mkdirSync(`${made}/dist/cli/verbs`);
  write(files);
  // Before the verbs have files of their own: with these the others are not read for them any more.
  warmUp(made);
  write(verbFiles(files));
  warmUp(made);
  compileRest(made);
  replace(`${made}/dist`, `${root}dist`);
} finally {
  rmSync(made, { recursive: true, force: true });
}

/**
 * Brings each file of a build to its place, and removes what an earlier build made and this one did not: the package takes
 * all of dist/. V8 knows whose the compiled code is by the length of its source alone, so the old goes first and the new
 * comes last.
 */
function replace(from, to) {
  const now = filesOf(from);
  const isCode = name => name.endsWith('.v8');
  mkdirSync(to, { recursive: true });
  for (const name of filesOf(to)) if (isCode(name) || !now.includes(name)) rmSync(`${to}/${name}`, { force: true });
  for (const name of [...now.filter(name => !isCode(name)), ...now.filter(isCode)]) {
    mkdirSync(dirname(`${to}/${name}`), { recursive: true });
    // Whoever runs minidock meanwhile has the old file or the new one.
    copyFileSync(`${from}/${name}`, `${to}/${name}.${process.pid}`);
    renameSync(`${to}/${name}.${process.pid}`, `${to}/${name}`);
  }
}

/** Paths of all files under a folder. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true }).filter(name => statSync(`${folder}/${name}`).isFile());
}
