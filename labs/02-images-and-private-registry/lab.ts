import fs from 'node:fs';
import path from 'node:path';
import { ImageStore } from '../../src/image/store.ts';
import type { Finding } from '../../src/workshop/exercise/types.ts';
import { finding, running } from '../../src/workshop/lab/kit/finding.ts';
import { imageNamed, removeUnnamed, stored } from '../../src/workshop/lab/kit/image.ts';
import { ensureImage, removeAll } from '../../src/workshop/lab/kit/plant.ts';
import { diffIdsAt, endRegistry, ensureRegistry, manifestAt, tagsAt } from '../../src/workshop/lab/kit/registry.ts';
import { seededRandom } from '../../src/workshop/lab/seed.ts';
import type { Lab, Place, Values } from '../../src/workshop/lab/types.ts';

const base = 'lab02';

interface Own extends Values {
  readonly port: number;
  readonly team: string;
  readonly app: string;
  readonly release: string;
  readonly kitchen: string;
  readonly edition: string;
  readonly one: string;
  readonly two: string;
  readonly word: string;
}

const appName = ({ port, team, app, release }: Own) => `localhost:${port}/${team}/${app}:${release}`;
const kitchenName = ({ port, team, kitchen, edition }: Own) => `localhost:${port}/${team}/${kitchen}:${edition}`;

/** What somebody else has pushed before the learner comes: an image of two layers, the upper of which replaces a file. */
async function plantKitchen(place: Place, values: Own): Promise<void> {
  const { port, team, kitchen, edition } = values;
  if ((await manifestAt(port, `${team}/${kitchen}`, edition)) !== undefined) return;
  const [dish] = seededRandom(kitchen).words(1);
  const context = fs.mkdtempSync(path.join(place.folder, '.kitchen-'));
  try {
    fs.writeFileSync(path.join(context, 'menu'), `${dish}\n`);
    fs.writeFileSync(path.join(context, 'Dockerfile'), `FROM ${base}\nCOPY menu /menu\n`);
    const name = kitchenName(values);
    await place.minidock('build', '-q', '-t', name, context);
    await place.minidock('push', '-q', name);
    await place.minidock('rmi', '-f', name);
  } finally {
    fs.rmSync(context, { recursive: true, force: true });
  }
}

/** What the registry says of the image that somebody else has pushed. */
async function kitchenImage({ port, team, kitchen, edition }: Own) {
  const repository = `${team}/${kitchen}`;
  const manifest = await manifestAt(port, repository, edition);
  return manifest && { ...manifest, diffIds: await diffIdsAt(port, repository, manifest.config) };
}

const noRegistry: Finding = finding(
  false,
  { en: 'the registry answers', zh: '镜像仓库有应答' },
  { en: 'it does not: the lab’s own command starts it again', zh: '没有：再执行一次本实验的命令就会重新启动它' },
);

/** A file as a process sees it. */
const readIn = (pid: number, file: string) => readIfThere(`/proc/${pid}/root${file}`)?.trim();

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

export const lab: Lab<Own> = {
  id: '02-images-and-private-registry',
  minutes: 45,
  version: 1,
  needs: ['overlay-layers', 'image-format', 'registry-pull'],
  programs: ['busybox', 'curl'],

  values(random) {
    const [team, app, kitchen, one, two, word] = random.words(6);
    const [release, edition] = [`v${random.integer(2, 99)}`, `e${random.integer(2, 99)}`];
    return { port: random.port(), team, app, release, kitchen, edition, one, two, word };
  },

  async plant(place, values) {
    await ensureImage(place, base, { menu: 'bread\n' });
    await ensureRegistry(place, values.port);
    await plantKitchen(place, values);
  },

  tasks: [
    {
      points: 15,
      ask: values => ({
        en: `The image \`${base}\` has a second name, \`${appName(values)}\``,
        zh: `镜像 \`${base}\` 有第二个名字 \`${appName(values)}\``,
      }),
      check(place, values) {
        const { team, app, release } = values;
        const [wanted, planted] = [appName(values), imageNamed(place, base)];
        const image = imageNamed(place, wanted);
        const instead = [`${team}/${app}:${release}`, wanted.replace(/[^:]*$/, 'latest')].find(
          name => imageNamed(place, name) !== undefined,
        );
        const has = finding(
          image !== undefined,
          { en: `the store has an image ${wanted}`, zh: `存储里有镜像 ${wanted}` },
          instead === undefined
            ? { en: 'it has none of this name', zh: '没有叫这个名字的镜像' }
            : instead.startsWith('localhost')
              ? { en: `it has ${instead}: who names no tag means latest`, zh: `有的是 ${instead}：不写标签就是 latest` }
              : {
                  en: `it has ${instead}: a name without a host is docker.io's`,
                  zh: `有的是 ${instead}：不带主机的名字属于 docker.io`,
                },
        );
        if (image === undefined) return [has];
        return [
          has,
          finding(
            image.id === planted?.id,
            {
              en: `both names have the ID ${image.id.slice(7, 19)}`,
              zh: `两个名字的 ID 都是 ${image.id.slice(7, 19)}`,
            },
            {
              en: `${base} has ${planted?.id.slice(7, 19) ?? 'gone'}: another image`,
              zh: `${base} 的是 ${planted?.id.slice(7, 19) ?? '（已不在）'}：这是另一个镜像`,
            },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`minidock tag SOURCE TARGET`. The first part of the target is the host of the registry, with its port.',
          zh: '`minidock tag 源 目标`。目标的第一部分是镜像仓库的主机和端口。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ port, team, app, release }) => ({
        en: `The registry at port ${port} has it, as \`${release}\` of \`${team}/${app}\``,
        zh: `端口 ${port} 上的镜像仓库里有它：\`${team}/${app}\` 的 \`${release}\``,
      }),
      async check(place, values) {
        const { port, team, app, release } = values;
        const repository = `${team}/${app}`;
        if ((await kitchenImage(values)) === undefined) return [noRegistry];
        const manifest = await manifestAt(port, repository, release);
        const tags = await tagsAt(port, repository);
        const has = finding(
          manifest !== undefined,
          {
            en: `${repository} in the registry has the tag ${release}`,
            zh: `镜像仓库的 ${repository} 有标签 ${release}`,
          },
          tags.length === 0
            ? { en: 'nothing of that name was pushed', zh: '还没有推送过这个名字' }
            : { en: `it has the tags: ${tags.join(', ')}`, zh: `它有的标签：${tags.join('、')}` },
        );
        if (manifest === undefined) return [has];
        const { image, findings } = stored(place, base);
        if (image === undefined) return findings;
        return [
          has,
          finding(
            manifest.config === image.id,
            {
              en: `its manifest names the config ${manifest.config.slice(7, 19)}, which is the image ID`,
              zh: `它的 manifest 写着 config ${manifest.config.slice(7, 19)}，这就是镜像 ID`,
            },
            { en: `${base} has the ID ${image.id.slice(7, 19)}`, zh: `${base} 的 ID 是 ${image.id.slice(7, 19)}` },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`minidock push NAME`, the whole name of task 1.',
          zh: '`minidock push 名字`，用任务 1 的完整名字。',
        }),
        ({ port }) => ({
          en: `What the registry has: \`curl -s http://localhost:${port}/v2/_catalog\``,
          zh: `镜像仓库里有什么：\`curl -s http://localhost:${port}/v2/_catalog\``,
        }),
      ],
    },
    {
      points: 20,
      ask: values => ({
        en: `The digest of the manifest of \`${appName(values)}\``,
        zh: `\`${appName(values)}\` 的 manifest 的摘要`,
      }),
      answer: { en: 'sha256:…', zh: 'sha256:…' },
      async check(_place, values, answer) {
        const { port, team, app, release } = values;
        if ((await kitchenImage(values)) === undefined) return [noRegistry];
        const manifest = await manifestAt(port, `${team}/${app}`, release);
        const has = finding(
          manifest !== undefined,
          { en: 'the registry has the image', zh: '镜像仓库里有这个镜像' },
          { en: 'it does not: task 2 comes before', zh: '没有：先做任务 2' },
        );
        if (manifest === undefined) return [has];
        const hex = answer.replace(/^.*@/, '').replace(/^(?!sha256:)/, 'sha256:');
        return [
          finding(
            hex === manifest.digest,
            { en: `${hex.slice(0, 19)}… names the manifest`, zh: `${hex.slice(0, 19)}… 是 manifest 的名字` },
            hex === manifest.config
              ? {
                  en: 'this is the image ID: the digest of the config, which the manifest names',
                  zh: '这是镜像 ID：manifest 里写着的 config 的摘要',
                }
              : manifest.layers.includes(hex)
                ? { en: 'this is the digest of a layer', zh: '这是一层的摘要' }
                : {
                    en: 'it is not the sha256 of the bytes that the registry sends',
                    zh: '它不是镜像仓库发来的那些字节的 sha256',
                  },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`minidock push` and `minidock images --digests` print it; `sha256sum` finds it out from the bytes.',
          zh: '`minidock push` 和 `minidock images --digests` 会显示它；用 `sha256sum` 可以从那些字节算出来。',
        }),
      ],
    },
    {
      points: 20,
      ask: values => ({
        en: `Containers \`${values.one}\` and \`${values.two}\` run from \`${kitchenName(values)}\``,
        zh: `容器 \`${values.one}\` 和 \`${values.two}\` 由 \`${kitchenName(values)}\` 运行`,
      }),
      async check(place, values) {
        const wanted = await kitchenImage(values);
        if (wanted === undefined) return [noRegistry];
        const findings: Finding[] = [];
        for (const name of [values.one, values.two]) {
          const seen = running(place, name);
          findings.push(...seen.findings);
          if (seen.container === undefined) continue;
          const { lower } = (await place.xray(name, ['layers'])).layers!;
          const has = lower.map(({ diffId }) => diffId).toReversed();
          findings.push(
            finding(
              has.join() === wanted.diffIds.join(),
              {
                en: `the root of ${name} lies on the ${wanted.diffIds.length} layers that the registry’s config names`,
                zh: `${name} 的根目录下面，是镜像仓库的 config 所写的 ${wanted.diffIds.length} 层`,
              },
              {
                en: `it lies on ${has.length} ${has.length === 1 ? 'layer' : 'layers'} of another image`,
                zh: `它下面是另一个镜像的 ${has.length} 层`,
              },
            ),
          );
        }
        return findings;
      },
      hints: [
        () => ({
          en: '`minidock run` pulls what is not here. The container needs a command that goes on: `sleep 1000000`.',
          zh: '`minidock run` 会拉取本地没有的镜像。容器需要一个一直运行的命令：`sleep 1000000`。',
        }),
      ],
    },
    {
      points: 25,
      ask: ({ one, two, word }) => ({
        en: `\`/menu\` of \`${one}\` holds \`${word}\`; where on the host lies the \`/menu\` that \`${two}\` still has?`,
        zh: `\`${one}\` 的 \`/menu\` 内容为 \`${word}\`；\`${two}\` 仍然看到的那个 \`/menu\`，在宿主机的什么位置？`,
      }),
      answer: { en: 'PATH', zh: '路径' },
      async check(place, { one, two, word }, answer) {
        const [first, second] = [running(place, one), running(place, two)];
        if (first.container === undefined || second.container === undefined)
          return [...first.findings, ...second.findings];
        const mine = (await place.xray(one, ['layers'])).layers!;
        const theirs = (await place.xray(two, ['layers'])).layers!;
        const holding = (directory: string) => fs.existsSync(path.join(directory, 'menu'));
        const shared = theirs.lower.filter(({ directory }) =>
          mine.lower.some(layer => layer.directory === directory && holding(directory)),
        );
        const [shown, ...hidden] = shared.map(({ directory }) => path.join(directory, 'menu'));
        const given = path.normalize(answer);
        const own = [mine, theirs].flatMap(({ upper }) => (upper ? [path.join(upper.directory, 'menu')] : []));
        const changed = readIn(first.container.pid, '/menu');
        const kept = readIn(second.container.pid, '/menu');
        return [
          finding(
            changed === word,
            {
              en: `/menu in ${one} holds ${changed ?? 'nothing'}`,
              zh: `${one} 里的 /menu 内容为 ${changed ?? '（无）'}`,
            },
            { en: `it should hold ${word}`, zh: `应当是 ${word}` },
          ),
          finding(
            shown !== undefined && kept === readIfThere(shown)?.trim(),
            {
              en: `/menu in ${two} is as it came: ${kept ?? 'missing'}`,
              zh: `${two} 里的 /menu 还是原样：${kept ?? '（无）'}`,
            },
            { en: `${two} has a copy of its own: start it anew`, zh: `${two} 已经有自己的一份：重新创建它` },
          ),
          finding(
            shown !== undefined && given === shown,
            { en: `it lies at ${given}`, zh: `它位于 ${given}` },
            own.includes(given)
              ? {
                  en: 'this is a copy of one container alone, in its upperdir',
                  zh: '这是某个容器自己的一份，在它的 upperdir 里',
                }
              : hidden.includes(given)
                ? { en: 'this one is hidden: a layer above has another', zh: '这个被遮住了：上面的层里有另一个' }
                : { en: 'it is in no directory of lowerdir of both', zh: '它不在两者共有的 lowerdir 目录里' },
          ),
        ];
      },
      hints: [
        ({ two }) => ({
          en: `\`minidock inspect -f '{{json .GraphDriver.Data}}' ${two}\`, or \`minidock xray ${two}\`: which directories is its root made of?`,
          zh: `\`minidock inspect -f '{{json .GraphDriver.Data}}' ${two}\`，或者 \`minidock xray ${two}\`：它的根目录由哪些目录组成？`,
        }),
        () => ({
          en: 'In lowerdir the topmost layer comes first, and the first that has the file is shown.',
          zh: 'lowerdir 里最上面的层写在最前；第一个有这个文件的，就是看到的那个。',
        }),
      ],
    },
  ],

  async clean(place, values) {
    const { port, team, app, release, one, two } = values;
    const lowest = imageNamed(place, base)?.diffIds[0];
    await removeAll(place, { containers: [one, two] });
    const ofRegistry = new ImageStore(place.roots.root)
      .list(() => {})
      .flatMap(({ repoTags, repoDigests }) => [...repoTags, ...repoDigests])
      .filter(name => name.startsWith(`localhost:${port}/`));
    // With its last tag an image's digests go as well.
    for (const name of ofRegistry) if (imageNamed(place, name) !== undefined) await place.minidock('rmi', '-f', name);
    await removeAll(place, { images: [`${team}/${app}:${release}`, `${team}/${app}:latest`] });
    if (lowest !== undefined) await removeUnnamed(place, [lowest]);
    await removeAll(place, { images: [base] });
    await endRegistry(place);
  },
};
