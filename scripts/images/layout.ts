import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** A moment for files that are made here, so that the same recipe gives the same digests. */
const fixedTime = '@1700000000';

export interface ImagePlan {
  tag: string;
  /** Folders that become layers, lowest first; whiteouts in them are `.wh.` files already. */
  layers: { folder: string; createdBy: string; keepTimes?: boolean }[];
  /** The `config` member of the image configuration. */
  config: Record<string, unknown>;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

/** Writes an OCI image layout (image-spec 1.0, image-layout.md) with one image of gzipped layers. */
export async function writeLayout(folder: string, plan: ImagePlan): Promise<void> {
  const blobs = join(folder, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const packed = [];
  for (const layer of plan.layers) packed.push(await packLayer(blobs, layer.folder, layer.keepTimes ?? false));
  const created = '2023-11-14T22:13:20Z';
  const config = writeJson(blobs, 'application/vnd.oci.image.config.v1+json', {
    created,
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: plan.config,
    rootfs: { type: 'layers', diff_ids: packed.map(layer => layer.diffId) },
    history: [
      ...plan.layers.map(layer => ({ created, created_by: layer.createdBy })),
      { created, created_by: `CMD ${JSON.stringify(plan.config.Cmd)}`, empty_layer: true },
    ],
  });
  const manifest = writeJson(blobs, 'application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: packed.map(layer => layer.descriptor),
  });
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': plan.tag } };
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
}

/** Extended attributes need pax headers; by default those hold access times and tar's own pid. */
const paxOptions = '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime';

/** GNU tar for one folder's content, names without `./`, sorted, owners by number. */
export function tarArguments(folder: string, keepTimes: boolean): string[] {
  const times = keepTimes ? [] : [`--mtime=${fixedTime}`];
  return [
    '-c',
    '--sort=name',
    '--numeric-owner',
    '--xattrs',
    paxOptions,
    ...times,
    '-C',
    folder,
    ...readdirSync(folder).sort(),
  ];
}

async function packLayer(blobs: string, folder: string, keepTimes: boolean) {
  const tar = spawn('tar', tarArguments(folder, keepTimes), { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>(resolve => tar.once('close', resolve));
  const [whole, compressed] = [createHash('sha256'), createHash('sha256')];
  const scratch = join(blobs, `.layer-${process.pid}`);
  await pipeline(tar.stdout, through(whole), createGzip({ level: 6 }), through(compressed), createWriteStream(scratch));
  const status = await ended;
  if (status !== 0) throw new Error(`tar of ${folder} ended with ${status}`);
  const hex = compressed.digest('hex');
  renameSync(scratch, join(blobs, hex));
  const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
  const descriptor: Descriptor = { mediaType, digest: `sha256:${hex}`, size: statSync(join(blobs, hex)).size };
  return { descriptor, diffId: `sha256:${whole.digest('hex')}` };
}

function through(hash: ReturnType<typeof createHash>): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

function writeJson(blobs: string, mediaType: string, value: unknown): Descriptor {
  const bytes = Buffer.from(JSON.stringify(value));
  const hex = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(blobs, hex), bytes);
  return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
}

/** Runs a command to its end; throws with what it said when it fails. Returns its stdout. */
export function must(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (result.status !== 0) {
    const said = (result.stderr || result.stdout || String(result.error ?? result.signal)).trim();
    throw new Error(`${command} ${args.join(' ')}: ${said.split('\n').slice(-12).join('\n')}`);
  }
  return result.stdout;
}
