import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { gzipped } from './archive.ts';
import type { Attempts } from './attempts.ts';
import { eventually } from './eventually.ts';
import { portRules } from './faults/held.ts';
import { type FaultyRegistry, faultyRegistry, testImage } from './faulty-registry.ts';
import type { Sandbox } from './minidock.ts';

/** An engine, and what a command names beside it. */
export interface Place {
  box: Sandbox;
  /** With the folder `made` from `makeFiles`. */
  folder: string;
  port: number;
  /** What the store of images has when only the one image is in it that all have. */
  blobs: string[];
  /** An image of a registry. */
  served: string;
}

/** What users do next with what a fault has left, before all of it is removed. */

/** `one` does not run, and only `two` has anything of the network. */
export async function nothingHeldOfApart(attempts: Attempts): Promise<void> {
  await attempts.do(['network', 'rm', 'apart'], /has active endpoints/);
  for (const rule of await portRules(attempts.box)) attempts.say('rule', rule);
  await attempts.do(['rm', '-f', 'two']);
  await attempts.do(['network', 'rm', 'apart']);
  await attempts.do(['network', 'create', 'apart']);
}

/** A command that was killed has stopped none, some or all; the next one stops the rest, and a boot starts them again. */
export async function downAndUp(attempts: Attempts): Promise<void> {
  await attempts.do(['system', 'stop']);
  const left = await attempts.do(['ps', '-q']);
  if (left !== '') attempts.say('runs after system stop', left);
  await attempts.do(['system', 'start']);
  const names = await attempts.do(['ps', '--format', '{{.Names}}']);
  if (names.split('\n').sort().join(' ') !== 'one two') attempts.say('runs after system start', names);
}

/** What is removed at its end does not stay as one that has ended. */
export async function upOrGone(attempts: Attempts): Promise<void> {
  const list = async () => await attempts.box.ok(['ps', '-a', '--format', '{{.Names}} {{.State}}']);
  const isRight = async () => ['', 'one running'].includes(await list());
  await eventually(isRight, 10).catch(async () => attempts.say('of --rm', await list()));
}

/** A registry with an image of two layers, `app:1`. */
export async function serveImage(): Promise<FaultyRegistry> {
  const server = await faultyRegistry();
  const large = { name: 'large', content: Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251)) };
  const layers = [[{ name: 'etc/hostname', content: 'x\n' }], [large]];
  server.put('app:1', testImage(await Promise.all(layers.map(gzipped))));
  return server;
}

/** What was interrupted, the next one completes. */
export async function pulled(attempts: Attempts, { served }: Place): Promise<void> {
  await attempts.do(['pull', served]);
}

/** Of an image that is not there, or is removed, the store has nothing. */
export async function imagesMade(attempts: Attempts, { box: { root }, blobs, served }: Place): Promise<void> {
  for (const name of ['committed', served]) await attempts.do(['rmi', name], /No such image/);
  await attempts.do(['image', 'prune', '-f']);
  const layers = readdirSync(join(root, 'layers'));
  if (layers.length !== 1) attempts.say('layers', layers.join(' '));
  const partial = join(root, 'images/.partial');
  const left = existsSync(partial) ? readdirSync(partial) : [];
  if (left.length > 0) attempts.say('half-made', left.join(' '));
  const more = readdirSync(join(root, 'images/blobs/sha256')).filter(name => !blobs.includes(name));
  if (more.length > 0) attempts.say('blobs', more.join(' '));
}

/** Half connected or not: the container can be taken off the network, and is on the other one as before. */
export async function backOnBridge(attempts: Attempts): Promise<void> {
  await attempts.do(['network', 'disconnect', 'apart', 'one'], /is not connected to/);
  await isReached(attempts);
  await attempts.do(['rm', '-f', 'two']);
  await attempts.do(['network', 'rm', 'apart']);
  await attempts.do(['network', 'create', 'apart']);
}

export async function onBridgeAgain(attempts: Attempts): Promise<void> {
  await attempts.do(['network', 'connect', 'bridge', 'one'], /already exists in network/);
  await isReached(attempts);
}

/** The container has a way out, and its port leads to it. */
async function isReached(attempts: Attempts): Promise<void> {
  await attempts.do(['exec', 'one', 'sh', '-c', 'ip route | grep default']);
  const address = await attempts.do(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'one']);
  const rules = await portRules(attempts.box);
  if (rules.length !== 1 || !rules[0]!.endsWith(` ${address}:80`))
    attempts.say(`rules to ${address}`, rules.join('\n'));
}

/** The network is there or not, can be removed and made again, and of one that is gone the host has nothing. */
export async function networksMade(attempts: Attempts): Promise<void> {
  const { box } = attempts;
  await attempts.do(['network', 'rm', 'net'], /No such network/);
  await attempts.do(['network', 'create', 'net']);
  await attempts.do(['run', '--rm', '--network', 'net', '--name', 'one', 'busybox', 'true']);
  await attempts.do(['network', 'rm', 'net']);
  const names = (await attempts.do(['network', 'ls', '--format', '{{.Name}}'])).split('\n').sort().join(' ');
  if (names !== 'apart bridge host none') attempts.say('networks', names);
  const left = readdirSync(join(box.root, 'networks')).filter(
    name => !/^[0-9a-f]{64}$/.test(name) && name !== box.bridge,
  );
  if (left.length > 0) attempts.say('left', left.join(' '));
}

/** The volume is there with all that was in it, or not at all; it can be removed, made and used again. */
export async function volumesMade(attempts: Attempts): Promise<void> {
  const folder = join(attempts.box.root, 'volumes/made');
  const names = await attempts.do(['volume', 'ls', '-q', '--filter', 'label=a']);
  if (names !== '' && !existsSync(join(folder, '_data/file'))) attempts.say('emptied', names);
  await attempts.do(['volume', 'rm', 'made'], /No such volume/);
  await attempts.do(['run', '--rm', '-v', 'made:/data', 'busybox', 'touch', '/data/file']);
  if (!existsSync(join(folder, '_data/file'))) attempts.say('written into the volume', 'nothing');
  await attempts.do(['volume', 'rm', 'made']);
  if (existsSync(folder)) attempts.say('left', folder);
}

/** A shell's words for a folder `made` with a file of each kind, one of them too long to be written at once. */
export const madeFiles = `mkdir -p made/folder && cd made && yes | head -c 200000 > long && ln -f long link
  ln -sf long symlink && echo short > folder/short`;

/** Makes that folder, and an archive of it, `made.tar`. */
export const makeFiles = (folder: string) =>
  execaSync('sh', ['-c', `(${madeFiles}) && tar cf made.tar made`], { cwd: folder });

/** However little had come: what is copied next is whole, in both directions. */
export async function copied(attempts: Attempts, { folder }: Place): Promise<void> {
  const back = join(folder, 'back');
  await attempts.do(['cp', `${folder}/made/.`, 'one:/in']);
  await attempts.do(['cp', 'one:/made/.', join(folder, 'out')]);
  await attempts.do(['cp', 'one:/in', back]);
  const wanted = listing(join(folder, 'made'));
  for (const name of ['out', 'back']) {
    const found = listing(join(folder, name));
    if (found !== wanted) attempts.say(`${name} instead of ${wanted}`, found);
  }
  rmSync(back, { recursive: true, force: true });
}

/** Path, kind, mode, number of links, target and content of each: a folder that was there keeps its own mode. */
function listing(folder: string): string {
  const script = "find . -mindepth 1 -printf '%P %y %m %n %l\\n' | sort; find . -type f | sort | xargs cksum";
  return execaSync('sh', ['-c', script], { cwd: folder, reject: false }).stdout;
}
