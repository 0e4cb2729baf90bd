import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { run, which } from './exec.mjs';
import { Interrupted, SetupError, say } from './say.mjs';

/**
 * npm's packages. npm itself writes node_modules/.package-lock.json last, so that file, compared with package-lock.json,
 * tells a whole installation from a half-made or an old one.
 */
export async function installModules(root) {
  const stale = staleModule(root);
  if (stale === undefined) return;
  say(`npm install (${stale})`);
  const env = { ...process.env };
  // The bundle needs esbuild, a development dependency, whatever the caller's npm is told to omit.
  for (const name of Object.keys(env))
    if (/^npm_config_(omit|include|only|production|dry_run|ignore_scripts|prefix|global|location)$/i.test(name))
      delete env[name];
  delete env.NODE_ENV;
  const self = process.env.npm_execpath;
  const [command, ...first] = self && basename(self) === 'npm-cli.js' ? [process.execPath, self] : ['npm'];
  if (command === 'npm' && !which('npm')) throw new SetupError('npm is not on PATH', 'install npm beside Node 20');
  // Not `npm ci`: it begins with an empty node_modules, under the feet of a lesson in the other terminal, and fetches
  // all of it again where one package changed. --no-save takes the lock file's versions too, and leaves it alone.
  const args = [
    ...first,
    'install',
    '--no-save',
    '--include=dev',
    '--include=optional',
    // None is needed; ssh2, which testcontainers brings, would compile for ten seconds.
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  let result;
  try {
    result = await run(command, args, { cwd: root, env });
  } catch (error) {
    if (error instanceof Interrupted) rmSync(join(root, 'node_modules'), { recursive: true, force: true });
    throw error;
  }
  if (result.code !== 0)
    throw new SetupError(
      'npm install failed (is the network up?)',
      `cd ${root} && npm install --no-save --include=dev`,
      result.output.trim().split('\n').slice(0, 8).join('\n'),
    );
}

/**
 * A package that npm installed (npm never packs a lock file) is whole as it is, but for the lessons' tools where it was
 * installed without a network.
 */
export function checkPackage(root) {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const missing = Object.keys(optionalDependencies).filter(name => !existsSync(join(root, 'node_modules', name)));
  if (missing.length > 0)
    throw new SetupError(
      `lessons need ${missing.join(', ')}, which npm left out when it installed minidock`,
      'install the tarball once more where npm reaches its registry',
    );
}

/** Whether this user may build here. */
export function isWritable(root) {
  try {
    accessSync(root, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** For a checkout of somebody else's: it is used as it is, if its owner ever built it. */
export function checkBuilt(root) {
  const shim = `native/build/${process.arch}/minidock-shim`;
  if (!['node_modules/tsx', shim].every(name => existsSync(join(root, name))))
    throw new SetupError(
      'this checkout is not built yet, and you may not write to it',
      'let its owner run: npm run setup',
    );
}

/** Why node_modules does not answer to package-lock.json, or undefined when it does. */
function staleModule(root) {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  let found;
  try {
    found = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
  } catch {
    return 'no whole node_modules yet';
  }
  const ours = Object.keys(wanted[''].optionalDependencies ?? {}).map(name => `node_modules/${name}`);
  for (const [path, entry] of Object.entries(wanted)) {
    // What is optional further down is for other processors; what is optional to us is the lessons'.
    if (path === '' || (entry.optional && !ours.includes(path))) continue;
    if (found[path]?.version !== entry.version) return `${path} is not ${entry.version}`;
    if (!existsSync(join(root, path, 'package.json'))) return `${path} is missing`;
  }
  return undefined;
}

/**
 * A build that is skipped while its inputs are the same bytes and its outputs are still there. The stamp is written only
 * after the build succeeded, with a rename.
 */
async function build(root, { name, inputs, depends = '', outputs, command, args, fix }) {
  const stamp = join(root, '.cache/setup', name);
  const present = () =>
    outputs.flatMap(output => listFiles(join(root, output))).map(path => [path, statSync(path).size].join(' '));
  const key = () => `${fingerprint(root, inputs)}\n${depends}${present().join('\n')}\n`;
  if (present().length > 0 && existsSync(stamp) && readFileSync(stamp, 'utf8') === key()) return;
  say(`${basename(command)} ${args.join(' ')}`);
  const result = await run(command, args, { cwd: root });
  if (result.code !== 0)
    throw new SetupError(`the ${name} build failed`, fix, result.output.trim().split('\n').slice(0, 12).join('\n'));
  mkdirSync(join(stamp, '..'), { recursive: true });
  writeFileSync(`${stamp}.${process.pid}`, key());
  renameSync(`${stamp}.${process.pid}`, stamp);
}

const crossCompilers = ['x86_64-linux-gnu-gcc', 'aarch64-linux-gnu-gcc'];

/** native/: the shim; the other processor's as well, from the day on that its compiler is there. */
export function buildNative(root) {
  return build(root, {
    name: 'native',
    inputs: ['native'],
    depends: crossCompilers
      .filter(name => which(name))
      .map(name => `${name}\n`)
      .join(''),
    outputs: ['native/build'],
    command: 'make',
    args: ['-s', '-C', 'native'],
    fix: `make -C ${join(root, 'native')}`,
  });
}

/** dist/: what bin/minidock runs. */
export function buildBundle(root) {
  return build(root, {
    name: 'bundle',
    inputs: ['src', 'scripts/bundle.mjs', 'package.json', 'package-lock.json'],
    outputs: ['dist'],
    command: process.execPath,
    args: ['scripts/bundle.mjs'],
    fix: `cd ${root} && node scripts/bundle.mjs`,
  });
}

/** SHA-256 over names and contents. */
function fingerprint(root, inputs) {
  const hash = createHash('sha256');
  for (const path of inputs.flatMap(input => listFiles(join(root, input)))) {
    if (path.endsWith('.test.ts') || path.includes('/native/build/')) continue;
    const content = readFileSync(path);
    hash.update(`${path.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Every file at or under a path, sorted; none when it is missing. */
function listFiles(path) {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    return error.code === 'ENOTDIR' ? [path] : [];
  }
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => (entry.isDirectory() ? listFiles(join(path, entry.name)) : [join(path, entry.name)]));
}
