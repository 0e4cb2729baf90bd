/**
 * Bundles the command line into dist/cli/minidock.cjs (with V8's compiled code beside it), the keeper into
 * dist/keeper.mjs, what compresses logs into dist/pack-log.mjs, and the threads that unpack layers into dist/unpack-worker.mjs.
 *
 * The command line is one CommonJS file whose modules are evaluated only when a verb asks for them: CommonJS starts 4 ms
 * sooner than ESM on Node 20, and one file keeps `instanceof MinidockError` true everywhere. Packages stay in
 * node_modules; the hot path imports none (scripts/architecture.mjs).
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const common = {
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

const results = await Promise.all([
  build({
    ...common,
    entryPoints: ['src/cli/minidock.ts'],
    outfile: 'dist/cli/minidock.cjs',
    format: 'cjs',
    // import() of a package becomes a lazy require(), which spares the start of Node's ESM loader.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__moduleUrl' },
    // A function of what bin/minidock hands in, so that it can be run from V8's compiled code.
    banner: {
      js: `(function (require, __filename, __dirname) { const module = {}; const __moduleUrl = require('node:url').pathToFileURL(__filename).href;`,
    },
    footer: { js: '})' },
  }),
  build({ ...common, entryPoints: ['src/container/logging/pack.ts'], outfile: 'dist/pack-log.mjs', format: 'esm' }),
  build({ ...common, entryPoints: ['src/keeper/main.ts'], outfile: 'dist/keeper.mjs', format: 'esm' }),
  build({
    ...common,
    entryPoints: ['src/storage/unpack/worker.ts'],
    outfile: 'dist/unpack-worker.mjs',
    format: 'esm',
  }),
]);

const written = new Set();
mkdirSync(`${root}dist/cli`, { recursive: true });
// The package is of type module; what bin/minidock requires is not.
put(`${root}dist/package.json`, '{ "type": "commonjs" }\n');
for (const { outputFiles } of results)
  for (const { path, text } of outputFiles) {
    const source = path.endsWith('.cjs') ? inAscii(withCheapImports(text)) : text;
    put(path, source);
    if (path.endsWith('.cjs')) put(`${path}.${process.arch}.v8`, compiled(path, source));
  }

const shellScripts = 'src/cli/completion/scripts';
mkdirSync(`${root}dist/cli/scripts`, { recursive: true });
for (const name of readdirSync(root + shellScripts))
  put(`${root}dist/cli/scripts/${name}`, readFileSync(`${root}${shellScripts}/${name}`));
removeOthers();

/**
 * Imports of Node's modules as cheap as they can be. For `import fs from 'node:fs'` esbuild copies every property of the module,
 * anew in each importing file: 3 ms of every start; an object that inherits them does as well. And all but those that Node
 * has loaded by itself are loaded when something of them is used: crypto, streams and child processes are 6 ms, which `ps` and
 * `inspect` have no use for. No package is imported on the hot path.
 */
function withCheapImports(source) {
  const helper = /__toESM=\(mod,isNodeMode,target\)=>\(target=.*?,mod\)\)/;
  if (!helper.test(source)) throw new Error('esbuild words its __toESM in another way: adapt scripts/bundle.mjs');
  const inherit =
    '__toESM=mod=>Object.create(mod,{default:{get:()=>mod.__esModule?mod.default:mod}}),' +
    '__lazy=(name,mod)=>new Proxy({},{get:(_,key)=>(mod??=require(name))[key]})';
  const loaded = ['node:fs', 'node:path', 'node:url', 'node:events'];
  return source
    .replace(helper, inherit)
    .replace(/(?<==|__toESM\()require\(("node:[a-z_/]+")\)/g, (call, name) =>
      loaded.includes(JSON.parse(name)) ? call : `__lazy(${name})`,
    );
}

/** esbuild escapes all but regular expressions. One byte a character is read a millisecond sooner than UTF-8. */
function inAscii(source) {
  return source.replace(/[^\x00-\x7f]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * V8's compiled code for the bundle. Of a real `run` where this machine lets us: that holds the functions which a run
 * needs and saves it another 10 ms. Else of the bundle as it is read.
 */
function compiled(path, source) {
  const scratch = mkdtempSync(join(tmpdir(), 'minidock-bundle-'));
  const engine = ['--root', `${scratch}/root`, '--exec-root', `${scratch}/run`];
  const quiet = { cwd: scratch, stdio: 'ignore', timeout: 20_000 };
  try {
    // The smallest program at hand: the shim, which without a program to read ends at once.
    copyFileSync(`${root}native/build/${process.arch}/minidock-shim`, `${scratch}/command`);
    spawnSync('tar', ['-cf', 'image.tar', 'command'], quiet);
    const warm = [`${root}scripts/warm.cjs`, `${scratch}/code`, ...engine];
    const { status } = spawnSync(process.execPath, [...warm, 'import', 'image.tar', 'warm'], quiet);
    if (status !== 0) throw new Error('this machine cannot run containers now');
    // With a bridge and a port where that can be had, in a network of its own: that way is most run, and longer.
    const run = [process.execPath, ...warm, 'run', '--rm'];
    const bridged = spawnSync('unshare', ['--net', ...run, '-p', '80', 'warm', '/command'], quiet);
    if (bridged.status !== 0) spawnSync(run[0], [...run.slice(1), '--network', 'none', 'warm', '/command'], quiet);
    return readFileSync(`${scratch}/code`);
  } catch {
    return new Script(source, { filename: path }).createCachedData();
  } finally {
    removeEntry(`${scratch}/root`);
    rmSync(scratch, { recursive: true, force: true });
    removeCgroups(`${scratch}/root`);
  }
}

/** That engine's entry among those of this machine, which src/state/engines.ts made; none where nothing ran. */
function removeEntry(engineRoot) {
  const file = `${engineRoot}/engine-id`;
  if (existsSync(file)) rmSync(`/run/minidock-engines/${readFileSync(file, 'utf8').trim()}.json`, { force: true });
}

/** The groups of that run's engine, named as `cgroupParent` in src/state/paths.ts does; none where nothing ran. */
function removeCgroups(engineRoot) {
  const name = `minidock-${createHash('sha256').update(engineRoot).digest('hex').slice(0, 8)}`;
  const hierarchies = existsSync('/sys/fs/cgroup') ? readdirSync('/sys/fs/cgroup') : [];
  for (const hierarchy of hierarchies)
    for (const group of [`${name}/shims`, name]) removeGroup(`/sys/fs/cgroup/${hierarchy}/${group}`);
}

/** The run's supervisor ends a moment after the run: until then its group is busy. What stays is no reason not to build. */
function removeGroup(directory) {
  for (
    const end = Date.now() + 3000;
    Date.now() < end;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  )
    try {
      return rmdirSync(directory);
    } catch (error) {
      if (error.code !== 'EBUSY') return;
    }
}

/** What an earlier build made and this one did not: the package takes all of dist/. */
function removeOthers() {
  for (const name of readdirSync(`${root}dist`, { recursive: true })) {
    const path = `${root}dist/${name}`;
    if (statSync(path).isFile() && !written.has(path)) rmSync(path);
  }
}

/** Whoever runs minidock meanwhile has the old file or the new one. */
function put(path, content) {
  written.add(path);
  writeFileSync(`${path}.${process.pid}`, content);
  renameSync(`${path}.${process.pid}`, path);
}
