import { createHash } from 'node:crypto';
import type { Descriptor, Index, Platform } from '../../src/oci/manifest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { findPlatform, parsePlatform, printPlatform } from '../../src/oci/platform.ts';
import type { Exercise, Finding, Mine } from '../../src/workshop/exercise/types.ts';
import type { Text } from '../../src/workshop/text/language.ts';

interface Values {
  /** Two indexes; their entries stand in no particular order. */
  readonly wide: readonly Descriptor[];
  readonly narrow: readonly Descriptor[];
}

const platform = (text: string): Platform => {
  const [os, architecture, variant] = text.split('/') as [string, string, string?];
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
};

const indexOf = (manifests: readonly Descriptor[]): Index => ({
  kind: 'index',
  mediaType: mediaTypes.ociIndex,
  manifests: [...manifests],
});

/** What the learner's function is asked, what is to be seen in the answer, and what is said where it is another one. */
interface Case {
  readonly of: keyof Values;
  readonly wanted: string;
  readonly what: Text;
  hint(found: string): Text;
}

const none = { en: 'nothing', zh: '什么也没有' };

const cases: readonly Case[] = [
  {
    of: 'wide',
    wanted: 'linux/amd64',
    what: {
      en: 'linux/amd64 gets the plain image for linux, wherever it stands',
      zh: 'linux/amd64 得到 linux 的普通镜像，不论它排在哪里',
    },
    hint: found =>
      found === 'linux/amd64/v3'
        ? {
            en: 'you chose amd64/v3: it is built for instructions that amd64 does not promise, and dies of SIGILL on older machines',
            zh: '你选了 amd64/v3：它用了 amd64 不保证具备的指令，在较旧的机器上会因 SIGILL 而死',
          }
        : found.startsWith('windows')
          ? {
              en: 'you chose the image for Windows: the architecture alone is not enough',
              zh: '你选了 Windows 的镜像：光看架构不够',
            }
          : found.endsWith('(index)')
            ? {
                en: 'what you chose is an index: its mediaType is none of manifestTypes, and it has no layers',
                zh: '你选的是一个 index：它的 mediaType 不在 manifestTypes 里，也没有层',
              }
            : { en: `you chose ${found}`, zh: `你选了 ${found}` },
  },
  {
    of: 'wide',
    wanted: 'linux/amd64/v3',
    what: { en: 'linux/amd64/v3 gets the image for v3', zh: 'linux/amd64/v3 得到为 v3 构建的镜像' },
    hint: found => ({
      en: `you chose ${found}: who asks for a variant by name wants that one`,
      zh: `你选了 ${found}：指明了变体，要的就是那个变体`,
    }),
  },
  {
    of: 'wide',
    wanted: 'linux/arm64',
    what: { en: 'linux/arm64 gets linux/arm64/v8', zh: 'linux/arm64 得到 linux/arm64/v8' },
    hint: found => ({
      en: `you chose ${found}: arm64 without a variant means v8 (see \`plain\`)`,
      zh: `你选了 ${found}：arm64 不写变体就是 v8（见 \`plain\`）`,
    }),
  },
  {
    of: 'wide',
    wanted: 'linux/arm/v7',
    what: { en: 'linux/arm/v7 gets v6 where there is no v7', zh: '没有 v7 时，linux/arm/v7 得到 v6' },
    hint: found =>
      found === 'linux/arm/v5'
        ? {
            en: 'you chose v5: it runs, but v6 is nearer and uses more of the processor',
            zh: '你选了 v5：能运行，但 v6 更接近，更能发挥处理器的能力',
          }
        : {
            en: `you chose ${found}: a processor of arm/v7 runs what was built for earlier variants`,
            zh: `你选了 ${found}：arm/v7 的处理器能运行为更早的变体构建的镜像`,
          },
  },
  {
    of: 'narrow',
    wanted: 'linux/arm/v6',
    what: { en: 'linux/arm/v6 gets v5, not v7', zh: 'linux/arm/v6 得到 v5，而不是 v7' },
    hint: found => ({
      en: `you chose ${found}: a processor of v6 lacks what v7 has brought; only earlier variants serve`,
      zh: `你选了 ${found}：v6 的处理器没有 v7 才有的指令；只有更早的变体才合适`,
    }),
  },
  {
    of: 'narrow',
    wanted: 'windows/amd64',
    what: { en: 'windows/amd64 gets its own', zh: 'windows/amd64 得到自己的镜像' },
    hint: found => ({ en: `you chose ${found}`, zh: `你选了 ${found}` }),
  },
  {
    of: 'wide',
    wanted: 'linux/s390x',
    what: { en: 'linux/s390x gets undefined', zh: 'linux/s390x 得到 undefined' },
    hint: found => ({
      en: `you chose ${found}: nothing here runs on s390x, and an image that cannot run is worse than an error`,
      zh: `你选了 ${found}：这里没有能在 s390x 上运行的；给一个跑不起来的镜像，还不如报错`,
    }),
  },
];

/** As people name an entry. */
function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { platform: found, mediaType } = entry as Partial<Descriptor>;
  const name = found === undefined ? '?' : printPlatform(found);
  return mediaType === mediaTypes.ociIndex ? `${name} (index)` : name;
}

/** Asked in both orders: who takes the first that seems to fit is wrong in one of them. */
function findingOf(mine: Mine, { of, wanted, what, hint }: Case, values: Values): Finding {
  const asked = [values[of], values[of].toReversed()].map(entries => {
    const index = indexOf(entries);
    const found: unknown = mine.findPlatform!(index, parsePlatform(wanted));
    const right = findPlatform(index, parsePlatform(wanted));
    return { found, ok: (found as Descriptor | undefined)?.digest === right?.digest };
  });
  const bad = asked.find(({ ok }) => !ok);
  const name = bad && nameOf(bad.found);
  const said = hint(name ?? none.en);
  return {
    ok: bad === undefined,
    what,
    hint: name === undefined ? { en: said.en, zh: hint(none.zh).zh } : said,
  };
}

export const exercise: Exercise<Values> = {
  lesson: 'registry-pull',
  task: {
    en: 'Write `findPlatform(index, wanted)`: of the entries of an index the one that a machine should pull. It is called with indexes as real registries have them, in any order.',
    zh: '写 `findPlatform(index, wanted)`：从 index 的各项里，选出一台机器应当拉取的那一项。检查程序会用真实仓库里那样的 index 来调用它，各项的顺序不定。',
  },
  pieces: ['findPlatform'],
  imports: ['oci/media-types.ts'],
  values: random => {
    const entry = (text: string | undefined, mediaType: string = mediaTypes.ociManifest): Descriptor => ({
      mediaType,
      digest: `sha256:${createHash('sha256').update(`${random.word()} ${text}`).digest('hex')}`,
      size: random.integer(400, 4000),
      ...(text === undefined ? {} : { platform: platform(text) }),
    });
    const mixed = (entries: Descriptor[]) =>
      entries
        .map(one => ({ one, at: random.integer(0, 1 << 20) }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one);
    return {
      wide: mixed([
        entry('linux/amd64'),
        entry('linux/amd64/v3'),
        entry('linux/amd64', mediaTypes.ociIndex),
        entry('windows/amd64'),
        entry('linux/arm64/v8'),
        entry('linux/arm/v5'),
        entry('linux/arm/v6', mediaTypes.dockerManifest),
        entry('unknown/unknown'),
        entry(undefined),
      ]),
      narrow: mixed([entry('linux/arm/v5'), entry('linux/arm/v7'), entry('windows/amd64')]),
    };
  },
  judge: (mine, values) => cases.map(one => findingOf(mine, one, values)),
  hints: [
    {
      en: 'Three questions for each entry, one after the other: is it a manifest, is it for this os and architecture, which variant? Print what you get: it is shown below the findings.',
      zh: '对每一项依次问三个问题：是 manifest 吗？os 和 architecture 对吗？变体是哪个？可以把收到的内容打印出来，它会显示在检查结果下面。',
    },
    {
      en: 'Give every entry a distance: 0 for the wanted variant, a number for an earlier one on arm, infinity for what does not serve. Then take the least.',
      zh: '给每一项一个距离：正是所要的变体为 0，arm 上更早的变体为一个正数，不合适的为无穷大。然后取最小的。',
    },
    {
      en: '`Number((variant ?? plain[architecture])?.slice(1) ?? 0)` is the number of a variant. `platform?.os !== wanted.os` is also true where there is no platform. `list.sort((a, b) => a.distance - b.distance)[0]?.entry` is undefined for an empty list.',
      zh: '`Number((variant ?? plain[architecture])?.slice(1) ?? 0)` 是变体的编号。没有 platform 时，`platform?.os !== wanted.os` 也为真。列表为空时，`list.sort((a, b) => a.distance - b.distance)[0]?.entry` 是 undefined。',
    },
  ],
  wrong: [
    {
      name: 'the first of the architecture',
      code: `  return index.manifests.find(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );`,
      hint: /amd64 does not promise|what you chose is an index/,
    },
    {
      name: 'only the very same variant',
      code: `  const variantOf = (one: Platform) => one.variant ?? plain[one.architecture];
  return index.manifests.find(
    ({ platform, mediaType }) =>
      manifestTypes.includes(mediaType) &&
      platform?.os === wanted.os &&
      platform.architecture === wanted.architecture &&
      variantOf(platform) === variantOf(wanted),
  );`,
      hint: /a processor of arm\/v7 runs what was built for earlier variants/,
    },
    {
      name: 'no look at the os',
      code: `  const variantOf = (one: Platform) => one.variant ?? plain[one.architecture];
  return index.manifests.find(
    ({ platform, mediaType }) =>
      manifestTypes.includes(mediaType) &&
      platform?.architecture === wanted.architecture &&
      variantOf(platform) === variantOf(wanted),
  );`,
      hint: /the image for Windows/,
    },
    {
      name: 'the nearest, be it newer',
      code: `  const numberOf = ({ architecture, variant }: Platform) => Number((variant ?? plain[architecture])?.slice(1) ?? 0);
  return index.manifests
    .filter(({ mediaType }) => manifestTypes.includes(mediaType))
    .filter(({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture)
    .sort((a, b) => Math.abs(numberOf(a.platform!) - numberOf(wanted)) - Math.abs(numberOf(b.platform!) - numberOf(wanted)))[0];`,
      hint: /only earlier variants serve/,
    },
    {
      name: 'something in any case',
      code: `  const numberOf = ({ architecture, variant }: Platform) => Number((variant ?? plain[architecture])?.slice(1) ?? 0);
  const fitting = index.manifests
    .filter(({ mediaType }) => manifestTypes.includes(mediaType))
    .filter(({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture)
    .filter(({ platform }) => numberOf(platform!) === numberOf(wanted) || (wanted.architecture === 'arm' && numberOf(platform!) < numberOf(wanted)))
    .sort((a, b) => numberOf(b.platform!) - numberOf(a.platform!));
  return fitting[0] ?? index.manifests[0];`,
      hint: /an image that cannot run is worse than an error/,
    },
  ],
};
