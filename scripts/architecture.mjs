/**
 * The gate for what no type checker sees: who may import whom, what the hot path loads, and that docs/cli.md is what the
 * flag tables say. `--write` brings docs/cli.md up to date.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = readdirSync(`${root}src`, { recursive: true })
  .map(name => `src/${name}`)
  .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .sort();

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: files,
  bundle: true,
  write: false,
  metafile: true,
  outdir: 'never-written',
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'error',
});

/** Imports that are there at run time: what is only a type is gone. `lazy` ones are `import()`. */
const imports = new Map(
  files.map(file => [
    file,
    metafile.inputs[file].imports.map(({ path, kind }) => ({ path, lazy: kind === 'dynamic-import' })),
  ]),
);

const problems = [
  ...cycles(),
  ...forbidden(file => file.startsWith('src/syscalls/'), isOutsideOfSyscalls, 'src/syscalls knows no other room'),
  ...forbidden(isRoom, path => /^src\/(cli|workshop)\//.test(path), 'rooms do not know who calls them'),
  ...forbidden(
    file => file !== 'src/cli/grammar/help.ts',
    path => path === 'yargs',
    'only src/cli/grammar/help.ts renders with yargs',
  ),
  ...hotPath(),
  ...shimUsers(),
  ...printers(),
  ...programStarters(),
  ...(await cliReference()),
];
for (const problem of problems) console.error(problem);
console.log(`architecture: ${files.length} files, ${problems.length} problem${problems.length === 1 ? '' : 's'}`);
process.exitCode = problems.length === 0 ? 0 : 1;

function isRoom(file) {
  return /^src\/(syscalls|container|network|cgroup|storage|image|registry|host|state|engine)\//.test(file);
}

function isOutsideOfSyscalls(path) {
  return path.startsWith('src/') && !path.startsWith('src/syscalls/') && path !== 'src/errors.ts';
}

/** Each cycle once, as the files that form it. */
function cycles() {
  const found = [];
  const done = new Set();
  const visit = (file, way) => {
    if (way.includes(file)) found.push(`import cycle: ${[...way.slice(way.indexOf(file)), file].join(' → ')}`);
    if (done.has(file) || way.includes(file)) return;
    for (const { path, lazy } of imports.get(file) ?? []) if (!lazy) visit(path, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}

function forbidden(isConcerned, isForbidden, reason) {
  return files.filter(isConcerned).flatMap(file =>
    imports
      .get(file)
      .filter(({ path }) => isForbidden(path))
      .map(({ path }) => `${file} imports ${path}: ${reason}`),
  );
}

/** What run, ps, exec and their kind load must be our own code and Node's: a package costs each start milliseconds. */
function hotPath() {
  const verbs = [
    ...['run', 'ls', 'exec', 'logs', 'stop', 'rm'].map(name => `container/${name}`),
    'image/ls',
    'system/inspect',
  ].map(name => `src/cli/verbs/${name}.ts`);
  const found = [];
  const seen = new Map(['src/cli/minidock.ts', 'src/engine/local.ts', ...verbs].map(file => [file, undefined]));
  for (const file of seen.keys()) {
    for (const { path, lazy } of imports.get(file) ?? []) {
      if (lazy) continue;
      if (path.startsWith('src/')) {
        if (!seen.has(path)) seen.set(path, file);
      } else if (!path.startsWith('node:')) {
        const way = [];
        for (let at = file; at !== undefined; at = seen.get(at)) way.unshift(at);
        found.push(`the hot path loads the package ${path}: ${way.join(' → ')}`);
      }
    }
  }
  return found;
}

/** The shim is a child of src/syscalls alone, so that every program goes through the one encoder. */
function shimUsers() {
  return files
    .filter(file => !file.startsWith('src/syscalls/') && /build\/minidock-shim/.test(readFileSync(root + file, 'utf8')))
    .map(file => `${file} names the shim's file: only src/syscalls starts it`);
}

/** A program of the host is started by an absolute path that src/host/programs.ts found, and never looked for by Node. */
function programStarters() {
  const starts = file => imports.get(file).some(({ path }) => path === 'node:child_process');
  const looks = file => imports.get(file).some(({ path }) => path === 'src/host/programs.ts');
  return files
    .filter(file => file !== 'src/syscalls/shim.ts' && starts(file) && !looks(file))
    .map(file => `${file} starts a program: src/host/programs.ts says where it is`);
}

/** What others wrote reaches a terminal through src/cli/print/output.ts alone, which spells out what a terminal would obey. */
function printers() {
  const writes = /process\.std(out|err)\.write|console\.(log|error|warn|info)\(|writeSync\([12]\b/;
  return files
    .filter(file => isRoom(file) || file.startsWith('src/cli/'))
    .filter(file => writes.test(readFileSync(root + file, 'utf8')))
    .map(file => `${file} prints by itself: only src/cli/print/output.ts does`);
}

async function cliReference() {
  // As a bundle, like bin/minidock: yargs wraps lines otherwise where it is loaded as ESM.
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/grammar/reference.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'undefined' },
    logLevel: 'error',
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles[0].text)(
    module,
    module.exports,
    createRequire(`${root}src/`),
  );
  const expected = await module.exports.cliReference();
  const path = `${root}docs/cli.md`;
  if (process.argv.includes('--write')) writeFileSync(path, expected);
  const isSame = existsSync(path) && readFileSync(path, 'utf8') === expected;
  return isSame ? [] : ['docs/cli.md is not what the flag tables say: node scripts/architecture.mjs --write'];
}
