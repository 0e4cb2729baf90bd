import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../setup/exec.mjs';
import { withSetupLock } from '../../setup/lock.mjs';
import { SetupError } from '../../setup/say.mjs';
import { makeDisk } from './disk.mjs';
import { packages, suite } from './packages.mjs';

const customize = fileURLToPath(new URL('customize.sh', import.meta.url));

const MIB = 1 << 20;
/** What the folder of the new root, the disk and the packed image take together. */
const roomMib = 6144;

/**
 * Builds the image, from Debian's packages and this checkout. It appears whole, by a rename, or not at all; what a build that was killed
 * left is removed by the next one. Nothing is mounted here, and no loop device is used: Debian is installed in a mount namespace of its
 * own, and disks are made as files.
 */
export async function buildImage(checkout, image) {
  const folder = dirname(resolve(image));
  check(image, folder);
  await withSetupLock(`${folder}/${basename(image)}`, async () => {
    if (existsSync(image)) return;
    const prefix = `.${basename(image)}-`;
    for (const name of readdirSync(folder)) if (name.startsWith(prefix)) remove(join(folder, name));
    checkRoom(folder);
    const scratch = mkdtempSync(join(folder, prefix));
    try {
      await build(checkout, image, scratch);
    } finally {
      remove(scratch);
    }
  });
}

/** This checkout's own files and what they are built to; a clone of somebody else's, too, as sudo has it. */
const pack = `set -e
cd "$1"
git -c safe.directory="*" ls-files -z --cached --others --exclude-standard > "$2.list"
printf "%s\\0" dist native/build node_modules >> "$2.list"
tar --null -T "$2.list" --ignore-failed-read -cf "$2"`;

async function build(checkout, image, scratch) {
  const at = name => join(scratch, name);
  const step = (number, text) => process.stdout.write(`vm ${number}/5 ${text}\n`);

  step(1, 'this checkout, built, and what makes an image');
  await must(process.execPath, [join(checkout, 'scripts/setup.mjs'), '--for', 'image'], 'the set-up failed', {
    show: true,
  });
  await must('sh', ['-c', pack, 'sh', checkout, at('checkout.tar')], 'this checkout could not be packed');

  step(2, `Debian ${suite} and ${packages.length} packages with what they need: some 350 MB, minutes`);
  const args = ['--mode=root', '--variant=minbase', '--format=directory', `--include=${packages.join(',')}`];
  const trim = [
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
  ];
  const hooks = [`--customize-hook=${quoted(customize)} "$1"`];
  // What it mounts goes with its mount namespace, and it ends with us, however we end.
  const alone = ['--pdeathsig', 'TERM', 'unshare', '--mount', '--propagation', 'private', 'mmdebstrap'];
  const env = { ...process.env, LC_ALL: 'C', TMPDIR: scratch, CHECKOUT: at('checkout.tar') };
  await must(
    'setpriv',
    [...alone, ...args, ...trim, ...hooks, suite, at('root')],
    'Debian could not be installed (is the network up?)',
    { show: true, env },
  );

  step(3, 'the disk');
  await makeDisk({ root: at('root'), disk: at('disk'), must });

  step(4, 'packing');
  await must(
    'qemu-img',
    ['convert', '-c', '-O', 'qcow2', at('disk'), at('whole')],
    'the image could not be packed (is the disk full?)',
  );
  renameSync(at('whole'), image);
  step(5, `done: ${image}`);
}

/** Node's recursive mkdir never ends below /proc. */
function makeFolder(folder) {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/** Refuses what cannot end well, before anything is made. */
function check(image, folder) {
  if (process.arch !== 'x64')
    throw new SetupError(
      `the image is for x86_64, and this is ${process.arch}`,
      'labs/vm/README.md shows Lima, which has Debian for it',
    );
  if (process.geteuid() !== 0)
    throw new SetupError(
      `there is no ${image}, and building it needs root: Debian's files belong to root`,
      'sudo env "PATH=$PATH" npm run vm -- --build-only; an image that is there boots without root',
    );
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new SetupError(`${image} cannot be made: ${error.code} at ${folder}`, 'name another place with --image');
  }
}

function checkRoom(folder) {
  const { bavail, bsize } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / MIB);
  if (free < roomMib)
    throw new SetupError(
      `${folder} has ${free} MiB left, and building the image takes ${roomMib}`,
      'make room there, or name another place with --image',
    );
}

const remove = path => rmSync(path, { recursive: true, force: true });
const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;

/** Runs a command; throws with its last words where it fails. */
async function must(command, args, message, options = {}) {
  const { code, output } = await run(command, args, options);
  if (code === 0) return;
  const detail = options.show ? undefined : output.trim().split('\n').slice(-8).join('\n');
  throw new SetupError(message, `look at what ${basename(command)} said above`, detail);
}
