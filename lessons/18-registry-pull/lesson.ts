import fs from 'node:fs';
import path from 'node:path';
import { Layout } from '../../src/image/layout.ts';
import { type Digest, hexOf } from '../../src/oci/digest.ts';
import type { Descriptor } from '../../src/oci/manifest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { printPlatform } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { RegistryClient } from '../../src/registry/http/client.ts';
import { explainPull } from '../../src/registry/http/errors.ts';
import { type PullResult, pull } from '../../src/registry/pull.ts';
import { readFile } from '../../src/storage/merged-view.ts';
import type { Lesson } from '../../src/workshop/lesson.ts';
import { ClaimError } from '../../src/workshop/play/show.ts';
import { digestOf, shortened, type Tell } from '../17-image-format/image.ts';
import { figure } from './figure.ts';
import { type Hub, makeHub, repository } from './hub.ts';
import { type Exchange, type Faults, type LessonRegistry, startRegistry } from './registry.ts';
import * as texts from './texts.ts';

const half = 128 << 10;

/** Nobody's settings and passwords are used. */
function ownSettings(scratch: string) {
  const files = { dockerConfig: path.join(scratch, 'config.json'), daemonConfig: path.join(scratch, 'daemon.json') };
  for (const file of Object.values(files)) fs.writeFileSync(file, '{}');
  return { ...files, retryDelayMs: 100 };
}

/** A registry for as long as `work` takes. */
async function withRegistry<T>(
  hub: Hub,
  tell: Tell,
  faults: Faults,
  work: (registry: LessonRegistry) => Promise<T>,
): Promise<T> {
  const registry = await startRegistry(hub.layout, tell, faults);
  try {
    return await work(registry);
  } finally {
    await registry.close();
  }
}

interface Pulled {
  readonly hub: Hub;
  readonly root: string;
  readonly result: PullResult;
  readonly exchanges: readonly Exchange[];
}

/** One pull into a root of its own; `name` is the folder and the image's name behind the repository. */
async function pullOnce(
  scratch: string,
  tell: Tell,
  folder: string,
  {
    by = () => ':latest',
    faults = () => ({}),
  }: { by?: (hub: Hub) => string; faults?: (hub: Hub, root: string) => Faults },
): Promise<Pulled> {
  const hub = await makeHub(scratch);
  const root = path.join(scratch, folder);
  fs.rmSync(root, { recursive: true, force: true });
  return withRegistry(hub, tell, faults(hub, root), async ({ host, exchanges }) => {
    try {
      const result = await pull(`${host}/${repository}${by(hub)}`, { root, ...ownSettings(scratch) });
      return { hub, root, result, exchanges };
    } catch (error) {
      const left = leftIn(root);
      tell(`ls blobs/sha256 layers → ${left.join(' ') || '–'}`);
      if (left.length > 0) throw new ClaimError(`a pull that failed has left ${left.join(' ')}`);
      throw error;
    }
  });
}

/** What a pull has left in its store: names of blobs and of layers. */
function leftIn(root: string): string[] {
  return ['images/blobs/sha256', 'layers']
    .map(name => path.join(root, name))
    .filter(folder => fs.existsSync(folder))
    .flatMap(folder => fs.readdirSync(folder))
    .filter(name => !name.startsWith('.'))
    .map(name => `${name.slice(0, 12)}…`);
}

const isAsked =
  ({ digest }: Descriptor) =>
  (exchange: Exchange) =>
    exchange.path.includes(digest);
const isBlob = ({ path }: Exchange) => path.includes('/blobs/') || path.startsWith('/sha256:');
const isManifest = ({ path }: Exchange) => path.includes('/manifests/');

/** A file of an image as a container sees it. */
function fileOf({ image }: PullResult, name: string): string {
  const found = readFile(image.layers, name, 4096);
  return found.kind === 'file' ? found.content.toString().trim() : '–';
}

/** A blob that the engine has, by the sha256 of its bytes. */
function stored(root: string, { digest }: Descriptor): string {
  const layout = new Layout(path.join(root, 'images'));
  return layout.has(digest) ? shortened(digestOf(layout.read(digest, 1 << 20))) : '–';
}

const authorizationOf = (exchanges: readonly Exchange[], at: Exchange['at']) =>
  exchanges.filter(isBlob).find(one => one.at === at)?.headers.authorization ?? '–';
const statusesOf = (exchanges: readonly Exchange[], at: Exchange['at']) =>
  [...new Set(exchanges.filter(one => one.at === at && isBlob(one)).map(({ status }) => status))].join(' ');

/** From which byte on, of `bytes=1000-` and of `bytes 1000-1999/2000`. */
const firstByte = (range: unknown) => /^bytes[= ](\d+)-/.exec(String(range))?.[1] ?? '–';

export const lesson: Lesson = {
  id: '18-registry-pull',
  title: { en: 'A pull: GET, and trust nobody', zh: '拉取镜像：只是 GET，而且谁也不信' },
  about: {
    en: 'what a pull is over HTTP: 401 and a token, an index and the choice of platform, redirects, ranges, digests; and what happens when a registry lies',
    zh: '拉取镜像在 HTTP 上是什么：401 与 token、index 与平台选择、重定向、范围请求、摘要；以及仓库说谎时会怎样',
  },
  minutes: 40,
  needs: ['root'],
  figure,
  question: texts.question,
  run: {
    async show(scratch, tell) {
      const { hub, root, result } = await pullOnce(scratch, tell, 'pulled', {});
      const { index, ours, theirs } = hub;
      const fact = (en: string, zh: string, host: string, container: string, claim: 'same' | 'differs' = 'same') => ({
        what: { en, zh },
        host,
        container,
        claim,
      });
      const [here, elsewhere] = [ours, theirs].map(({ platform }) => printPlatform(platform));
      return {
        columns: texts.columns.pull,
        facts: [
          fact('hello:latest, an index', 'hello:latest，一个 index', shortened(index.digest), shortened(result.digest)),
          fact(
            `manifest for ${here}`,
            `${here} 的 manifest`,
            shortened(ours.manifest.digest),
            shortened(result.image.manifestDigest),
          ),
          fact(
            `manifest for ${elsewhere}`,
            `${elsewhere} 的 manifest`,
            shortened(theirs.manifest.digest),
            stored(root, theirs.manifest),
            'differs',
          ),
          fact('config: the image ID', 'config：镜像 ID', shortened(ours.config.digest), shortened(result.image.id)),
          ...ours.layers.map((layer, i) =>
            fact(`blob of layer ${i + 1}`, `第 ${i + 1} 层的 blob`, shortened(layer.digest), stored(root, layer)),
          ),
        ],
        listings: [
          {
            title: {
              en: 'the image, as a container will see it: cat /etc/motd',
              zh: '容器将看到的镜像：cat /etc/motd',
            },
            lines: [fileOf(result, '/etc/motd')],
          },
        ],
      };
    },
  },
  byHand: texts.byHand,
  experiments: [
    {
      ...texts.redirect,
      async show(scratch, tell) {
        const { exchanges } = await pullOnce(scratch, tell, 'redirected', {
          faults: ({ ours }) => ({ tells: isAsked(ours.layers[0]) }),
        });
        return {
          columns: texts.columns.hosts,
          facts: [
            {
              what: { en: 'answers to requests for blobs', zh: '对 blob 请求的响应' },
              host: statusesOf(exchanges, 'registry'),
              container: statusesOf(exchanges, 'storage'),
              claim: 'differs',
            },
            {
              what: { en: 'Authorization that came with them', zh: '请求带来的 Authorization' },
              host: authorizationOf(exchanges, 'registry'),
              container: authorizationOf(exchanges, 'storage'),
              claim: 'differs',
            },
          ],
        };
      },
    },
    {
      ...texts.resume,
      async show(scratch, tell) {
        const { hub, root, exchanges } = await pullOnce(scratch, tell, 'resumed', {
          faults: ({ ours: { layers } }, root) => {
            const { digest } = layers[1];
            const partial = path.join(root, 'images/.partial', hexOf(digest));
            const arrived = () => (fs.statSync(partial, { throwIfNoEntry: false })?.size ?? 0) >= half;
            return { tells: isAsked(layers[1]), cut: { digest, after: half, arrived } };
          },
        });
        const layer = hub.ours.layers[1];
        const [, second] = exchanges.filter(one => one.at === 'storage' && isAsked(layer)(one));
        return {
          columns: texts.columns.resume,
          facts: [
            {
              what: { en: 'has · begins again at byte', zh: '已有 · 从哪个字节继续' },
              host: String(half),
              container: firstByte(second?.answer['Content-Range']),
              claim: 'same',
            },
            {
              what: { en: 'asked for · sent, from byte', zh: '请求 · 发送的起始字节' },
              host: firstByte(second?.headers.range),
              container: firstByte(second?.answer['Content-Range']),
              claim: 'same',
            },
            {
              what: { en: 'the blob, whole', zh: '完整的 blob' },
              host: stored(root, layer),
              container: shortened(layer.digest),
              claim: 'same',
            },
          ],
        };
      },
    },
    {
      ...texts.tampered,
      refused: 'digest-mismatch',
      async show(scratch, tell) {
        await pullOnce(scratch, tell, 'tampered', {
          faults: ({ ours: { layers } }) => ({ tells: isAsked(layers[1]), tampered: layers[1].digest }),
        });
        return { facts: [] };
      },
    },
    {
      ...texts.lied,
      refused: 'digest-mismatch',
      async show(scratch, tell) {
        await pullOnce(scratch, tell, 'lied', {
          by: ({ index }) => `@${index.digest}`,
          faults: ({ forged }) => ({ tells: isManifest, substitute: forged.manifest.digest }),
        });
        return { facts: [] };
      },
    },
    {
      ...texts.limit,
      async show(scratch, tell) {
        const { exchanges } = await pullOnce(scratch, tell, 'limited', {
          faults: () => ({
            tells: one => isManifest(one) && one.status !== 401,
            limit: { times: 2, seconds: 1 },
          }),
        });
        const asked = exchanges.filter(one => isManifest(one) && one.status !== 401);
        return {
          columns: texts.columns.pause,
          facts: [0, 1].map(i => {
            const milliseconds = asked[i + 1]!.time - asked[i]!.time;
            return {
              what: { en: `pause ${i + 1}`, zh: `第 ${i + 1} 次等待` },
              host: '≥ 1 s',
              // Timers may be some milliseconds early.
              container: milliseconds > 950 ? '≥ 1 s' : `${milliseconds} ms`,
              claim: 'same' as const,
            };
          }),
        };
      },
    },
  ],
  breakIt: [
    {
      ...texts.accept,
      refused: 'manifest-unknown',
      async show(scratch, tell) {
        const hub = await makeHub(scratch);
        await withRegistry(hub, tell, { tells: one => isManifest(one) && one.status !== 401 }, async ({ host }) => {
          const endpoint = { base: `http://${host}`, credentialHost: host, mirror: false, insecure: true };
          const client = new RegistryClient(endpoint, repository, ownSettings(scratch));
          await client.get('manifests/latest', { accept: mediaTypes.dockerManifest }).catch(error => {
            throw explainPull(error, parseReference(`${host}/${repository}:latest`), endpoint);
          });
        });
        return { facts: [] };
      },
    },
    {
      ...texts.byTag,
      async show(scratch, tell) {
        const before = await pullOnce(scratch, () => {}, 'honest', {});
        const now = await pullOnce(scratch, tell, 'forged', {
          faults: ({ forged }) => ({
            tells: one => isManifest(one) && one.status !== 401,
            substitute: forged.manifest.digest,
          }),
        });
        const fact = (en: string, zh: string, of: (pulled: Pulled) => string) => ({
          what: { en, zh },
          host: of(before),
          container: of(now),
          claim: 'differs' as const,
        });
        return {
          columns: texts.columns.names,
          facts: [
            fact('digest of hello:latest', 'hello:latest 的摘要', ({ result }) => shortened(result.digest as Digest)),
            fact('image ID', '镜像 ID', ({ result }) => shortened(result.image.id)),
            fact('/etc/motd', '/etc/motd', ({ result }) => fileOf(result, '/etc/motd')),
          ],
        };
      },
    },
    {
      ...texts.hour,
      refused: 'too-many-requests',
      async show(scratch, tell) {
        await pullOnce(scratch, tell, 'hour', {
          faults: () => ({
            tells: one => isManifest(one) && one.status !== 401,
            limit: { times: 1, seconds: 3600 },
          }),
        });
        return { facts: [] };
      },
    },
  ],
  seen: texts.seen,
  recap: texts.recap,
  glossary: texts.glossary,
  reading: texts.reading,
  sources: [
    'src/registry/pull.ts',
    'src/registry/http/client.ts',
    'src/registry/http/errors.ts',
    'src/registry/auth/auth.ts',
    'src/registry/http/http.ts',
    'src/registry/download.ts',
    'src/oci/platform.ts',
  ],
};
