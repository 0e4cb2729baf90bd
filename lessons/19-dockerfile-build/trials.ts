import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { packUpper } from '../../src/engine/files/commit.ts';
import { deriveImage } from '../../src/image/commit/derive.ts';
import type { ImageRecord } from '../../src/image/store.ts';
import { shortDigest } from '../../src/oci/digest.ts';
import { readFile } from '../../src/storage/merged-view.ts';
import type { Evidence, Fact } from '../../src/workshop/play/evidence.ts';
import { buildIn, storeOf, type Tell, upperOf } from './builder.ts';
import { columns } from './texts.ts';

/** The command of the first RUN, as a Dockerfile would have it. */
const command = 'cd /srv && export COLOUR=green && echo hi > note && rm /etc/motd';

const fact = (en: string, zh: string, host: string, container: string, claim: Fact['claim']): Fact => ({
  what: { en, zh },
  host,
  container,
  claim,
});

const colourOf = ({ config }: ImageRecord) => config.Env?.find(one => one.startsWith('COLOUR=')) ?? '–';

/** A directory with these files. */
function folder(scratch: string, name: string, files: Readonly<Record<string, string>>): string {
  const directory = path.join(scratch, name);
  fs.mkdirSync(directory, { recursive: true });
  for (const [file, content] of Object.entries(files)) fs.writeFileSync(path.join(directory, file), content);
  return directory;
}

/** A file of an image as a container sees it; `–` where there is none. */
function inImage({ layers }: ImageRecord, name: string): string {
  const found = readFile(layers, name, 4096);
  return found.kind === 'file' ? found.content.toString().trim() : '–';
}

/** Packs what the first container wrote, and makes two images: one of that layer, one of a line of the config. */
export async function packLayer(scratch: string, tell: Tell): Promise<Evidence> {
  const store = storeOf(scratch);
  const base = store.get('base');
  const parts: Buffer[] = [];
  for await (const part of packUpper(upperOf(scratch, 'first'), base.layers)) parts.push(part);
  const tar = Buffer.concat(parts);
  const digest = createHash('sha256').update(tar).digest('hex');
  tell(`packUpper(upper) → ${tar.length} B, sha256:${digest.slice(0, 12)}…`);
  const of = { platform: base, created: base.created };
  const ran = await deriveImage(
    store,
    {
      ...of,
      parent: base,
      layer: () => only(tar),
      config: base.config,
      history: { created_by: `/bin/sh -c ${command}` },
    },
    'building an image',
  );
  tell(`deriveImage(base + the layer) → image ${shortDigest(ran.id)}`);
  const set = await deriveImage(
    store,
    {
      ...of,
      parent: ran,
      config: { ...ran.config, Env: [...(ran.config.Env ?? []), 'COLOUR=green'] },
      history: { created_by: '/bin/sh -c #(nop)  ENV COLOUR=green' },
    },
    'building an image',
  );
  tell(`deriveImage(that + a line of the config) → image ${shortDigest(set.id)}`);
  const both = (en: string, zh: string, look: (image: ImageRecord) => string, claim: Fact['claim']) =>
    fact(en, zh, look(ran), look(set), claim);
  return {
    columns: columns.packed,
    facts: [
      both('layers', '层数', ({ layers }) => String(layers.length), 'same'),
      both('diff ID of the topmost', '最上面一层的 diff ID', ({ diffIds }) => shortDigest(diffIds.at(-1)!), 'same'),
      both('lines of history', 'history 的行数', ({ history }) => String(history.length), 'differs'),
      both('COLOUR in the config', 'config 里的 COLOUR', colourOf, 'differs'),
      both('image ID', '镜像 ID', ({ id }) => shortDigest(id), 'differs'),
      both('/srv/note', '/srv/note', image => inImage(image, '/srv/note'), 'same'),
    ],
    listings: [
      {
        title: {
          en: 'members of the tar: the device 0:0 has become .wh.motd',
          zh: 'tar 的成员：设备 0:0 变成了 .wh.motd',
        },
        lines: namesIn(tar),
      },
    ],
  };
}

async function* only(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}

/** Names of the members of a tar whose files are a block at most. */
function namesIn(tar: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; tar[at] !== 0; ) {
    const text = (from: number, length: number) =>
      tar.toString('latin1', at + from, at + from + length).split('\0')[0]!;
    names.push(text(0, 100));
    at += 512 * (1 + Math.ceil(Number.parseInt(text(124, 12), 8) / 512));
  }
  return names;
}

/** One context, changed in one way before each build: the keys of its COPY. */
export async function hashCopies(scratch: string, tell: Tell): Promise<Evidence> {
  const context = folder(scratch, 'hashed', { 'app.js': 'one\n', 'notes.txt': 'mine\n' });
  const app = path.join(context, 'app.js');
  const keyOf = async () => {
    const asked = { dockerfile: 'FROM base\nCOPY . /app\n', context, ignore: 'notes.txt\n' };
    const { steps } = await buildIn(scratch, asked, () => {});
    return steps.at(-1)!;
  };
  const facts: Fact[] = [];
  let before = (await keyOf()).key;
  const changed = async (words: string, change: () => void, claim: Fact['claim']) => {
    change();
    const { key, cached } = await keyOf();
    tell(`${words} → ${cached ? 'Using cache' : 'COPY is done again'}`);
    facts.push(fact(words, words, before, key, claim));
    before = key;
  };
  await changed('touch app.js', () => fs.utimesSync(app, 1e9, 1e9), 'same');
  await changed('echo more >> notes.txt', () => fs.appendFileSync(path.join(context, 'notes.txt'), 'more\n'), 'same');
  await changed('chmod +x app.js', () => fs.chmodSync(app, 0o755), 'differs');
  await changed('echo two > app.js', () => fs.writeFileSync(app, 'two\n'), 'differs');
  return { columns: columns.hashed, facts };
}

const install = 'RUN cat /app/package.json > /installed';

/** Two orders of the same instructions, each built, changed, and built again. */
export async function orderMatters(scratch: string, tell: Tell): Promise<Evidence> {
  const context = folder(scratch, 'ordered', { 'package.json': '{}\n', 'README.md': 'read me\n' });
  const orders = [
    ['FROM base', 'COPY . /app', install],
    ['FROM base', 'COPY package.json /app/', install, 'COPY . /app'],
  ].map(lines => ({ dockerfile: `${lines.join('\n')}\n`, context }));
  for (const asked of orders) await buildIn(scratch, asked, () => {});
  fs.appendFileSync(path.join(context, 'README.md'), 'please\n');
  tell('echo please >> README.md');
  const done: Record<string, string>[] = [];
  for (const asked of orders) {
    tell('');
    const { steps } = await buildIn(scratch, asked, tell);
    done.push(Object.fromEntries(steps.map(({ text, cached }) => [text, cached ? 'cache' : 'anew'])));
  }
  const [all, packages] = done as [Record<string, string>, Record<string, string>];
  return {
    columns: columns.order,
    facts: [
      fact('COPY . /app', 'COPY . /app', all['COPY . /app']!, packages['COPY . /app']!, 'same'),
      fact('RUN, the installation', 'RUN，即安装', all[install]!, packages[install]!, 'differs'),
    ],
  };
}

/** A command whose result is never the same, built three times. */
export async function staleResult(scratch: string, tell: Tell): Promise<Evidence> {
  const dockerfile = 'FROM base\nRUN cat /proc/sys/kernel/random/uuid > /built\n';
  const images: ImageRecord[] = [];
  for (const noCache of [false, false, true]) {
    tell(noCache ? 'build --no-cache' : 'build');
    images.push((await buildIn(scratch, { dockerfile, noCache }, tell)).image);
  }
  const [first, again, anew] = images as [ImageRecord, ImageRecord, ImageRecord];
  const built = (image: ImageRecord) => inImage(image, '/built').slice(0, 13);
  const layer = (image: ImageRecord) => shortDigest(image.diffIds.at(-1)!);
  return {
    columns: columns.stale,
    facts: [
      fact('/built, built again', '/built，再次构建', built(first), built(again), 'same'),
      fact('/built, with --no-cache', '/built，用 --no-cache', built(first), built(anew), 'differs'),
      fact('diff ID, with --no-cache', 'diff ID，用 --no-cache', layer(first), layer(anew), 'differs'),
    ],
  };
}

/** A token that a stage removes, and the image that takes one file of that stage. */
export async function twoStages(scratch: string, tell: Tell): Promise<Evidence> {
  const context = folder(scratch, 'staged', { token: 'secret 42\n' });
  const stage = ['FROM base AS build', 'COPY token /token', 'RUN wc -c < /token > /app/program && rm /token'];
  const rest = ['FROM base', 'COPY --from=build /app/program /app/program'];
  const dockerfile = (lines: readonly string[]) => ({ dockerfile: `${lines.join('\n')}\n`, context });
  const { image } = await buildIn(scratch, dockerfile([...stage, ...rest]), tell);
  const { image: built } = await buildIn(scratch, dockerfile(stage), () => {});
  const both = (en: string, zh: string, look: (image: ImageRecord) => string, claim: Fact['claim']) =>
    fact(en, zh, look(built), look(image), claim);
  const inLayers = ({ layers }: ImageRecord) =>
    layers.flatMap((layer, i) => {
      const stats = fs.lstatSync(path.join(layer, 'token'), { throwIfNoEntry: false });
      return stats?.isFile() ? [String(i + 1)] : [];
    });
  return {
    columns: columns.stages,
    facts: [
      both('/app/program', '/app/program', one => inImage(one, '/app/program'), 'same'),
      both('layers', '层数', ({ layers }) => String(layers.length), 'differs'),
      both('cat /token', 'cat /token', one => inImage(one, '/token'), 'same'),
      both('layers that hold the token', '含有令牌的层', one => inLayers(one).join(' ') || '–', 'differs'),
    ],
  };
}
