import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { loadImages } from '../../src/image/archive/load.ts';
import { Layout } from '../../src/image/layout.ts';
import { blobPath, type Digest, hexOf } from '../../src/oci/digest.ts';
import { ownManifest } from '../../src/oci/forms.ts';
import { type Index, parseManifest } from '../../src/oci/manifest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { choosePlatform, hostPlatform, parsePlatform, printPlatform } from '../../src/oci/platform.ts';
import { chainIds, layerDirectory } from '../../src/storage/chain.ts';
import { ensureLayer } from '../../src/storage/layers.ts';
import { readFile } from '../../src/storage/merged-view.ts';
import type { Program } from '../../src/syscalls/step.ts';
import { type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { said } from '../../src/workshop/play/evidence.ts';
import { ClaimError } from '../../src/workshop/play/show.ts';
import { figure } from './figure.ts';
import {
  configOf,
  digestOf,
  foundDiffIds,
  layers,
  type Made,
  madeImage,
  makeImage,
  readable,
  shortened,
  type Tell,
  tarOf,
} from './image.ts';
import * as texts from './texts.ts';

const diffIds = layers.map(digestOf);
/** Where the engine has unpacked the layers of the image of one root. */
const unpacked = (root: string) => chainIds(diffIds).map(id => layerDirectory(root, id));
const tarFile = (scratch: string, number: number) => path.join(scratch, `layer${number}.tar`);

/** The directories as one tree, bottom first, and a process that looks at its /etc. */
function merged({ scratch, command }: Stage, lower: readonly string[], own: string): Program {
  const overlay = {
    lowerBase: scratch,
    lower: lower.map(directory => path.relative(scratch, directory)).toReversed(),
    upper: `${own}/upper`,
    work: `${own}/work`,
    target: 'rootfs',
  };
  return lessonProgram({
    namespaces: ['mount'],
    child: [...pieces.mountNamespace(), ...pieces.overlayMount(overlay, hostFacts().overlayOptions)],
    command,
  });
}

const inside = `cd "$LESSON/rootfs/etc"
echo "names: $(echo $(ls -A))"
echo "motd: $(cat motd)"
echo "secret: $(cat secret 2>/dev/null || echo –)"`;

/** A file of an image as a container sees it; `–` where there is none. */
function inImage(directories: readonly string[], name: string): string {
  const found = readFile(directories, name, 4096);
  return found.kind === 'file' ? found.content.toString().trim() : '–';
}

/** What `sh -c` prints. */
function byHand(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command, 'sh', ...args], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout.trim();
}

/** An image's layout in a tar, as `minidock save` would write it, with other bytes in place of its first layer. */
function archiveWith({ root, blobs, image, manifest }: Made, first: Buffer): Buffer {
  const layout = new Layout(path.join(root, 'images'));
  const read = (digest: Digest) => layout.read(digest, 1 << 20);
  const file = (digest: Digest) => `blobs/sha256/${hexOf(digest)}`;
  const entry = { mediaType: mediaTypes.ociManifest, digest: image.manifestDigest, size: manifest.length };
  return tarOf({
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    'index.json': JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [entry] }),
    [file(image.manifestDigest)]: manifest,
    [file(image.id)]: read(image.id),
    [file(blobs[0]!.digest)]: first,
    [file(blobs[1]!.digest)]: read(blobs[1]!.digest),
  });
}

/** The image for another architecture with the same layers, and an index of both. */
function indexOf({ image, blobs, manifest }: Made, layout: Layout, tell: Tell): Index {
  const ours = hostPlatform();
  const theirs = { ...ours, architecture: ours.architecture === 'arm64' ? 'amd64' : 'arm64' };
  const config = Buffer.from(JSON.stringify(configOf(image.diffIds, theirs)));
  const other = ownManifest({ digest: layout.write(config), size: config.length }, blobs);
  const entry = (digest: Digest, { length }: Buffer, platform: typeof ours) => ({
    mediaType: mediaTypes.ociManifest,
    digest,
    size: length,
    platform,
  });
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [entry(image.manifestDigest, manifest, ours), entry(layout.write(other.content), other.content, theirs)],
  };
  for (const line of readable(document)) tell(line);
  const content = Buffer.from(JSON.stringify(document));
  return parseManifest(content, mediaTypes.ociIndex, 'index of the lesson') as Index;
}

export const lesson: Lesson = {
  id: '17-image-format',
  title: { en: 'The image: files named by their content', zh: '镜像：以内容命名的文件' },
  about: {
    en: 'tar files and three kinds of JSON: blob digest, diff ID, chain ID, image ID, manifest, index; and which check finds which change',
    zh: 'tar 文件和三种 JSON：blob 摘要、diff ID、链 ID、镜像 ID、manifest、index；以及哪项检查发现哪种改动',
  },
  minutes: 35,
  needs: ['root', 'mnt', 'overlay'],
  figure,
  question: texts.question,
  prepare(scratch) {
    for (const [i, tar] of layers.entries()) fs.writeFileSync(tarFile(scratch, i + 1), tar);
    for (const name of ['rootfs', 'tar/2', 'by-engine/upper', 'by-engine/work', 'by-tar/upper', 'by-tar/work'])
      fs.mkdirSync(path.join(scratch, name), { recursive: true });
    byHand('tar -C "$1/tar/2" -xf "$1/layer2.tar"', scratch);
  },
  run: {
    async show(scratch, tell) {
      const plain = await makeImage(path.join(scratch, 'plain'), 'tar', layers, tell);
      tell('');
      const packed = await makeImage(path.join(scratch, 'gzip'), 'gzip', layers, tell);
      const fact = (en: string, zh: string, of: (made: Made) => string, claim: 'same' | 'differs') => ({
        what: { en, zh },
        host: of(plain),
        container: of(packed),
        claim,
      });
      const chain = (made: Made) => chainIds(foundDiffIds(made.root, made.image));
      return {
        columns: texts.columns.packing,
        facts: [
          fact('blob of layer 1', '第 1 层的 blob', made => shortened(made.blobs[0]!.digest), 'differs'),
          fact('its bytes', '它的字节数', made => String(made.blobs[0]!.size), 'differs'),
          fact('blob of layer 2', '第 2 层的 blob', made => shortened(made.blobs[1]!.digest), 'differs'),
          fact(
            'diff ID of layer 1',
            '第 1 层的 diff ID',
            made => shortened(foundDiffIds(made.root, made.image)[0]!),
            'same',
          ),
          fact(
            'diff ID of layer 2',
            '第 2 层的 diff ID',
            made => shortened(foundDiffIds(made.root, made.image)[1]!),
            'same',
          ),
          fact('chain ID of both layers', '两层的链 ID', made => shortened(chain(made)[1]!), 'same'),
          fact('config: the image ID', 'config：镜像 ID', made => shortened(made.image.id), 'same'),
          fact('manifest', 'manifest', made => shortened(made.image.manifestDigest), 'differs'),
        ],
        listings: [
          {
            title: {
              en: `the config: sha256 of its bytes is the image ID, ${shortened(packed.image.id)}`,
              zh: `config：它的字节的 sha256 就是镜像 ID，${shortened(packed.image.id)}`,
            },
            lines: readable(packed.image.document),
          },
          {
            title: { en: 'the manifest of the image with gzip', zh: '用 gzip 压缩的镜像的 manifest' },
            lines: readable(JSON.parse(packed.manifest.toString())),
          },
        ],
      };
    },
  },
  byHand: texts.byHand,
  async compare({ scratch }) {
    const root = path.join(scratch, 'gzip');
    const image = madeImage(root);
    const layout = new Layout(path.join(root, 'images'));
    const manifest = parseManifest(layout.read(image.manifestDigest, 1 << 20), undefined, 'manifest of the lesson');
    if (manifest.kind !== 'manifest') throw new Error('no manifest');
    const blob = blobPath(layout.directory, manifest.layers[1]!.digest);
    const fact = (en: string, zh: string, hand: string, engine: Digest) => ({
      what: { en, zh },
      host: hand.slice(0, 12),
      container: hexOf(engine).slice(0, 12),
      claim: 'same' as const,
    });
    return {
      title: { en: 'The same by hand: sha256sum', zh: '手工计算：sha256sum' },
      evidence: {
        columns: texts.columns.hand,
        facts: [
          fact('sha256sum BLOB', 'sha256sum BLOB', byHand('sha256sum "$1"', blob), manifest.layers[1]!.digest),
          fact(
            'gzip -dc BLOB | sha256sum',
            'gzip -dc BLOB | sha256sum',
            byHand('gzip -dc < "$1" | sha256sum', blob),
            foundDiffIds(root, image)[1]!,
          ),
          fact(
            'printf "CHAIN DIFF" | sha256sum',
            'printf "链 DIFF" | sha256sum',
            byHand('printf "%s %s" "$1" "$2" | sha256sum', diffIds[0]!, diffIds[1]!),
            chainIds(image.diffIds)[1]!,
          ),
          fact(
            'sha256sum CONFIG',
            'sha256sum CONFIG',
            byHand('sha256sum "$1"', blobPath(layout.directory, manifest.config.digest)),
            image.id,
          ),
          fact(
            'sha256sum MANIFEST',
            'sha256sum MANIFEST',
            byHand('sha256sum "$1"', blobPath(layout.directory, image.manifestDigest)),
            image.manifestDigest,
          ),
        ],
      },
    };
  },
  experiments: [
    {
      ...texts.deleted,
      program: stage => merged(stage, unpacked(path.join(stage.scratch, 'gzip')), 'by-engine'),
      inside,
      evidence: (_, container) => ({
        columns: texts.columns.deleted,
        facts: [
          {
            what: { en: 'etc/secret', zh: 'etc/secret' },
            host: byHand('tar -xOf "$1/layer1.tar" etc/secret', container.scratch),
            container: said(container, 'secret'),
            claim: 'differs',
          },
          {
            what: { en: 'etc/motd', zh: 'etc/motd' },
            host: byHand('tar -xOf "$1/layer1.tar" etc/motd', container.scratch),
            container: said(container, 'motd'),
            claim: 'differs',
          },
          {
            what: { en: 'names in etc', zh: 'etc 里的名字' },
            host: byHand('echo $(tar -tf "$1/layer1.tar" | sed -n "s|^etc/||p" | sort)', container.scratch),
            container: said(container, 'names'),
            claim: 'differs',
          },
        ],
        listings: [
          {
            title: {
              en: 'layer 2: in its tar, and as the engine unpacked it',
              zh: '第 2 层：tar 里，以及引擎解包之后',
            },
            lines: byHand(
              'tar -tvf "$1/layer2.tar"; ls -lA "$2/etc"',
              container.scratch,
              unpacked(path.join(container.scratch, 'gzip'))[1]!,
            ).split('\n'),
          },
        ],
      }),
    },
    {
      ...texts.flipped,
      refused: 'digest-mismatch',
      async show(scratch, tell) {
        const root = path.join(scratch, 'flipped');
        const blob = path.join(scratch, 'flipped.tar');
        const bytes = Buffer.from(layers[0]);
        const at = bytes.indexOf('layer 1') + 'layer '.length;
        bytes[at]! ^= 0b10;
        fs.mkdirSync(root);
        fs.writeFileSync(blob, bytes);
        tell(`byte ${at}: ${layers[0].toString('latin1', at, at + 1)} → ${bytes.toString('latin1', at, at + 1)}`);
        tell(`tar -xO etc/motd → ${byHand('tar -xOf "$1" etc/motd', blob)}`);
        await ensureLayer(root, { chainId: diffIds[0]!, diffId: diffIds[0]!, blob, below: () => [] }).catch(error => {
          const left = fs.readdirSync(path.join(root, 'layers')).filter(name => !name.startsWith('.lock'));
          tell(`ls layers → ${left.join(' ') || '–'}`);
          if (left.length > 0) throw new ClaimError(`a layer that was refused has left ${left.join(' ')}`);
          throw error;
        });
        return { facts: [] };
      },
    },
    {
      ...texts.header,
      refused: 'corrupt-archive',
      async show(scratch, tell) {
        const root = path.join(scratch, 'gzip');
        const made = await makeImage(root, 'gzip');
        const blob = new Layout(path.join(root, 'images')).read(made.blobs[0]!.digest, 1 << 20);
        const changed = Buffer.from(blob);
        // OS (RFC 1952, 2.3).
        const system = 9;
        changed[system]! ^= 1;
        const file = path.join(scratch, 'changed.tar.gz');
        fs.writeFileSync(file, changed);
        tell(`byte ${system}: ${blob[system]} → ${changed[system]}`);
        const [sum, blobSum] = [byHand('gzip -dc < "$1" | sha256sum', file), byHand('sha256sum "$1"', file)];
        tell(`gzip -dc | sha256sum → ${sum.slice(0, 12)}…  diff ID ${shortened(diffIds[0]!)}`);
        tell(`sha256sum → ${blobSum.slice(0, 12)}…  blob ${shortened(made.blobs[0]!.digest)}`);
        if (!sum.startsWith(hexOf(diffIds[0]!))) throw new ClaimError('the tar is another one');
        const archive = path.join(scratch, 'archive.tar');
        fs.writeFileSync(archive, archiveWith(made, changed));
        await loadImages({ root: path.join(scratch, 'loaded'), source: archive });
        return { facts: [] };
      },
    },
    {
      ...texts.platforms,
      refused: 'no-such-platform',
      async show(scratch, tell) {
        const root = path.join(scratch, 'gzip');
        const made = await makeImage(root, 'gzip');
        const index = indexOf(made, new Layout(path.join(root, 'images')), tell);
        for (const architecture of ['amd64', 'arm64', 's390x']) {
          const wanted = parsePlatform(`linux/${architecture}`);
          tell(`choosePlatform(index, ${printPlatform(wanted)})`);
          tell(`  → ${shortened(choosePlatform(index, wanted, 'lesson').digest)}`);
        }
        return { facts: [] };
      },
    },
  ],
  breakIt: [
    {
      ...texts.order,
      async show(scratch, tell) {
        const right = madeImage(path.join(scratch, 'gzip'));
        const { image: turned } = await makeImage(path.join(scratch, 'turned'), 'gzip', layers.toReversed(), tell);
        const fact = (en: string, zh: string, of: (image: typeof right) => string, claim: 'same' | 'differs') => ({
          what: { en, zh },
          host: of(right),
          container: of(turned),
          claim,
        });
        return {
          columns: texts.columns.order,
          facts: [
            fact(
              'diff IDs, sorted',
              'diff ID（排序后）',
              ({ diffIds }) => diffIds.toSorted().map(shortened).join(' '),
              'same',
            ),
            fact(
              'chain ID of both layers',
              '两层的链 ID',
              ({ diffIds }) => shortened(chainIds(diffIds)[1]!),
              'differs',
            ),
            fact('image ID', '镜像 ID', ({ id }) => shortened(id), 'differs'),
            fact('/etc/motd', '/etc/motd', image => inImage(image.layers, '/etc/motd'), 'differs'),
            fact('/etc/secret', '/etc/secret', image => inImage(image.layers, '/etc/secret'), 'differs'),
          ],
        };
      },
    },
    {
      ...texts.ignored,
      program: stage =>
        merged(stage, [unpacked(path.join(stage.scratch, 'gzip'))[0]!, path.join(stage.scratch, 'tar/2')], 'by-tar'),
      inside,
      outcome: 'runs',
      evidence: (_, container) => {
        const engine = unpacked(path.join(container.scratch, 'gzip'));
        return {
          columns: texts.columns.unpacker,
          facts: [
            {
              what: { en: 'etc/secret', zh: 'etc/secret' },
              host: inImage(engine, '/etc/secret'),
              container: said(container, 'secret'),
              claim: 'differs',
            },
            {
              what: { en: 'names in etc', zh: 'etc 里的名字' },
              host: 'motd',
              container: said(container, 'names'),
              claim: 'differs',
            },
          ],
        };
      },
    },
  ],
  seen: texts.seen,
  recap: texts.recap,
  glossary: texts.glossary,
  reading: texts.reading,
  sources: [
    'src/storage/chain.ts',
    'src/storage/layers.ts',
    'src/oci/manifest.ts',
    'src/oci/platform.ts',
    'src/oci/digest.ts',
    'src/image/layout.ts',
    'src/image/archive/load.ts',
  ],
};
