/**
 * V8's compiled code for the command line, of real commands where this machine lets us: that holds the functions which they
 * call, and saves `run` another 10 ms. Else of each file as it is read.
 *
 * No flag of V8 is set, neither here nor in bin/minidock: Node's own compiled modules were made without, and V8 would refuse
 * them. A larger young generation, for one, spares `run` three collections of 1 ms and costs it 13 ms.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { frequent } from './chunks.mjs';

const warm = fileURLToPath(new URL('warm.cjs', import.meta.url));

/** Runs commands of the build in the folder `made`: each leaves the compiled code of the files that it reads. */
export function warmUp(made) {
  const scratch = mkdtempSync(join(tmpdir(), 'minidock-bundle-'));
  try {
    runCommands(made, scratch);
  } finally {
    removeEntry(`${scratch}/root`);
    removeFolder(scratch);
    removeCgroups(`${scratch}/root`);
  }
}

/** Writes the compiled code of the files that no command read, as of all where none could be run. */
export function compileRest(made) {
  const files = readdirSync(`${made}/dist/cli`, { recursive: true }).filter(name => name.endsWith('.cjs'));
  for (const name of files.map(file => `dist/cli/${file}`)) {
    const code = `${made}/${name}.${process.arch}.v8`;
    if (existsSync(code)) continue;
    const script = new Script(readFileSync(`${made}/${name}`, 'latin1'), { filename: name });
    writeFileSync(code, script.createCachedData());
  }
}

/** A supervisor or the keeper may still be writing its last file there: then it is tried again, for ten seconds. */
function removeFolder(folder) {
  for (let tries = 0; ; tries++)
    try {
      return rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (tries === 100) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
}

/** What most commands call, in as few commands as hold it. */
function runCommands(made, scratch) {
  const engine = ['--root', `${scratch}/root`, '--exec-root', `${scratch}/run`];
  const native = `${made}/native/build/${process.arch}`;
  const run = (words, first = []) => {
    // As bin/minidock starts verbs with a file of their own, with a shim or a line that waits; and without.
    const [verb] = words.split(' ');
    const waits = existsSync(`${made}/dist/cli/verbs/${verb}.cjs`);
    const beside = frequent[verb]?.includes('enter') ? `${native}/minidock-shim` : '-';
    const launcher = waits ? [`${native}/minidock-launch`, beside] : [];
    const node = [process.execPath, warm, `${made}/bin/minidock`];
    const [program, ...args] = [...first, ...launcher, ...node, ...engine, ...words.split(' ')];
    return spawnSync(program, args, { cwd: scratch, stdio: 'ignore', timeout: 20_000 }).status === 0;
  };
  run('--version');
  makeImage(made, scratch);
  if (run('import image.tar warm')) callMost(run, scratch);
}

/** Of the programs at hand: what is PID 1 of --init prints a line where it is given no command, and the relay of no port waits. */
function makeImage(made, scratch) {
  for (const [name, program] of Object.entries({ say: 'minidock-init', wait: 'minidock-relay' }))
    copyFileSync(`${made}/native/build/${process.arch}/${program}`, `${scratch}/${name}`);
  // As of most images: who its users are is looked up at every start.
  mkdirSync(`${scratch}/etc`);
  writeFileSync(`${scratch}/etc/passwd`, 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n');
  writeFileSync(`${scratch}/etc/group`, 'root:x:0:\nnogroup:x:65534:\n');
  spawnSync('tar', ['-cf', 'image.tar', 'say', 'wait', 'etc'], { cwd: scratch });
  writeFileSync(`${scratch}/.dockerignore`, 'image.tar\n');
}

function callMost(run, scratch) {
  // With a bridge and a port where that can be had, in a network of its own: that way is most run, and longer.
  for (const port of ['', ' -p 80', ' -p 127.0.0.1::80']) run(`run --rm${port} warm /say`, ['unshare', '--net']);
  run('run --network none --name said warm /say');
  run('run -d --network none --name warm warm /wait');
  for (const words of [
    'ps',
    'ps -a',
    'container ls',
    'ps --format {{.ID}}',
    'inspect warm',
    'inspect -f {{.Id}} warm',
    'images',
  ])
    run(words);
  for (const words of [
    'exec warm /say',
    'exec -i warm /say',
    'run -i --rm --network none warm /say',
    'logs said',
    'logs warm',
    'kill -s CONT warm',
    'stop -t 0 warm',
    'start warm',
  ])
    run(words);
  for (const words of ['rm -f warm', 'rm said', 'create --network none --name made warm /say', 'rm made']) run(words);
  // Anew, and out of the cache; and a command, which fails.
  for (const step of ['ENV A=1', 'ENV A=1', 'RUN ["/say"]']) {
    writeFileSync(`${scratch}/Dockerfile`, `FROM warm\nCOPY say /copied\n${step}\n`);
    run('build -q --network none -t warm:built .');
  }
}

/** That engine's entry among those of this machine, which src/state/engines.ts made; none where nothing ran. */
function removeEntry(engineRoot) {
  const file = `${engineRoot}/engine-id`;
  if (existsSync(file)) rmSync(`/run/minidock-engines/${readFileSync(file, 'utf8').trim()}.json`, { force: true });
}

/** The groups of that run's engine, named as `cgroupParent` in src/state/paths.ts does; none where nothing ran. */
function removeCgroups(engineRoot) {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(engineRoot)) hash = Math.imul(hash ^ byte, 0x01000193);
  const name = `minidock-${(hash >>> 0).toString(16).padStart(8, '0')}`;
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
