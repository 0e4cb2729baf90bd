import { createHash } from 'node:crypto';
import { type Digest, isDigest } from '../../src/oci/digest.ts';
import { chainIds } from '../../src/storage/chain.ts';
import type { Exercise, Finding, Mine } from '../../src/workshop/exercise/types.ts';
import type { Text } from '../../src/workshop/text/language.ts';

interface Values {
  readonly diffIds: readonly Digest[];
}

const sha256 = (text: string): Digest => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const hex = (digest: Digest) => digest.slice('sha256:'.length);

/** What a value is that is no digest, and what becomes of one that takes it for a digest. */
function notDigests(digest: Digest): readonly { value: unknown; is: Text; hint: Text }[] {
  return [
    {
      value: `sha256:${'../'.repeat(19)}etc/pwd`,
      is: { en: 'sha256: and a path that leads out', zh: 'sha256: 加一个通向外面的路径' },
      hint: {
        en: 'blobs/sha256/../../… is a file of the host: an image could read or replace it. Which characters may stand behind the colon?',
        zh: 'blobs/sha256/../../… 是宿主机上的文件：镜像可以借此读取或替换它。冒号后面允许哪些字符？',
      },
    },
    {
      value: `${digest}/../../index.json`,
      is: { en: 'a digest with a path behind it', zh: '摘要后面带着路径' },
      hint: {
        en: 'your test finds a digest in it and does not ask what follows: does the pattern end with $?',
        zh: '你的判断在其中找到了摘要，却没有看后面还有什么：正则表达式的末尾有 $ 吗？',
      },
    },
    {
      value: `../${digest}`,
      is: { en: 'a digest with a path before it', zh: '摘要前面带着路径' },
      hint: {
        en: 'your test finds a digest in it and does not ask what stands before: does the pattern begin with ^?',
        zh: '你的判断在其中找到了摘要，却没有看前面有什么：正则表达式的开头有 ^ 吗？',
      },
    },
    {
      value: `${digest}\nx`,
      is: { en: 'a digest, a line break and more', zh: '摘要、换行，后面还有内容' },
      hint: {
        en: 'with the flag m, $ is also before a line break',
        zh: '带有标志 m 时，换行之前也算 $',
      },
    },
    {
      value: `sha256:${hex(digest).toUpperCase().replace(/\d/g, 'A')}`,
      is: { en: 'upper-case letters', zh: '大写字母' },
      hint: {
        en: 'one digest must have one name: with A–F the same bytes would have many',
        zh: '一个摘要只能有一个名字：允许 A–F，同样的字节就有许多名字',
      },
    },
    {
      value: digest.slice(0, -1),
      is: { en: '63 digits', zh: '63 位' },
      hint: { en: 'a sha256 has 256 bits: 64 digits, no fewer', zh: 'sha256 有 256 个比特：64 位，不能少' },
    },
    {
      value: `md5:${hex(digest)}`,
      is: { en: 'another algorithm', zh: '另一种算法' },
      hint: { en: 'the algorithm is part of the name: sha256:', zh: '算法是名字的一部分：sha256:' },
    },
    {
      value: [digest],
      is: { en: 'a list that holds a digest', zh: '含有一个摘要的列表' },
      hint: {
        en: 'a pattern turns what it tests into text, and [digest] becomes the digest: look at the type first',
        zh: '正则表达式会先把要检查的值转成文本，[digest] 就成了那个摘要：先看类型',
      },
    },
  ];
}

function digestFindings(mine: Mine, digest: Digest): Finding[] {
  const taken = mine.isDigest!(digest);
  return [
    {
      ok: taken === isDigest(digest),
      what: { en: `isDigest takes ${digest.slice(0, 19)}…`, zh: `isDigest 接受 ${digest.slice(0, 19)}…` },
      hint: {
        en: `it returns ${JSON.stringify(taken)} for a good digest; true is expected`,
        zh: `对一个正确的摘要，它返回 ${JSON.stringify(taken)}；应当返回 true`,
      },
    },
    ...notDigests(digest).map(({ value, is, hint }) => ({
      ok: mine.isDigest!(value) === isDigest(value),
      what: { en: `isDigest refuses ${is.en}`, zh: `isDigest 拒绝${is.zh}` },
      hint,
    })),
  ];
}

/** What somebody has done who found this in place of the chain ID of the second layer. */
function secondHint(found: unknown, [first, second]: readonly Digest[]): Text {
  const told = typeof found === 'string' ? found : JSON.stringify(found);
  switch (told) {
    case second:
      return {
        en: 'it is the diff ID itself: it says nothing of what lies below',
        zh: '这是 diff ID 自己：它没有说明下面是什么',
      };
    case sha256(`${second} ${first}`):
      return { en: 'the order: what lies below comes first', zh: '顺序：下面的在前' };
    case sha256(`${first}${second}`):
      return { en: 'there is one space between the two', zh: '两者之间有一个空格' };
    case sha256(`${first} ${second}\n`):
      return { en: 'a line break is a byte too: none at the end', zh: '换行也是一个字节：末尾不要有' };
    case sha256(`${hex(first!)} ${hex(second!)}`):
      return { en: 'both stand there with sha256: before them', zh: '两者前面都带着 sha256:' };
    case hex(sha256(`${first} ${second}`)):
      return { en: 'the digits are right; a digest begins with sha256:', zh: '数字是对的；摘要以 sha256: 开头' };
    default:
      return {
        en: `it is ${told?.slice(0, 19)}…, no digest of “BELOW DIFF”: print the text that you hash`,
        zh: `得到的是 ${told?.slice(0, 19)}…，不是“BELOW DIFF”的摘要：把你计算摘要的文本打印出来看看`,
      };
  }
}

function chainFindings(mine: Mine, diffIds: readonly Digest[]): Finding[] {
  const found: unknown = mine.chainIds!(diffIds);
  const list = Array.isArray(found) ? (found as unknown[]) : [];
  const expected = chainIds(diffIds);
  const none: unknown = mine.chainIds!([]);
  const same = (i: number) => list[i] === expected[i];
  return [
    {
      ok: list.length === diffIds.length,
      what: { en: `a chain ID for each of ${diffIds.length} layers`, zh: `${diffIds.length} 层各有一个链 ID` },
      hint: {
        en: `chainIds returns ${Array.isArray(found) ? `${list.length} of them` : 'no list'}: the engine needs the name of every layer, not of the topmost alone`,
        zh: `chainIds 返回的${Array.isArray(found) ? `有 ${list.length} 个` : '不是列表'}：引擎需要每一层的名字，而不只是最上面那层的`,
      },
    },
    {
      ok: same(0),
      what: { en: 'the lowest layer’s chain ID is its diff ID', zh: '最下面一层的链 ID 就是它的 diff ID' },
      hint: {
        en: 'there is nothing below it: nothing is hashed, and no “undefined” either',
        zh: '它下面什么都没有：不需要计算摘要，更不要把“undefined”算进去',
      },
    },
    {
      ok: same(1),
      what: { en: 'the second layer’s says what lies below', zh: '第二层的链 ID 说明了下面是什么' },
      hint: secondHint(list[1], diffIds),
    },
    {
      ok: expected.every((_, i) => same(i)),
      what: { en: 'so do all others', zh: '其余各层也是如此' },
      hint: {
        en: 'from the third layer on it is wrong: what stands first is the *chain* ID below, not the diff ID below',
        zh: '从第三层起不对：写在前面的是下面一层的*链* ID，而不是下面一层的 diff ID',
      },
    },
    {
      ok: Array.isArray(none) && none.length === 0,
      what: { en: 'an image without layers has none', zh: '没有层的镜像，就没有链 ID' },
      hint: { en: 'FROM scratch: the list may be empty', zh: 'FROM scratch：列表可能是空的' },
    },
  ];
}

export const exercise: Exercise<Values> = {
  lesson: 'image-format',
  task: {
    en: 'Write `isDigest(value)`, the guard before every file name that comes from an image, and `chainIds(diffIds)`, which gives each layer of a stack its name. There are no syscalls: your functions are called, and their answers are compared.',
    zh: '写 `isDigest(value)`：凡是来自镜像的文件名都要先过它这一关；再写 `chainIds(diffIds)`：给一叠层中的每一层起名字。这里没有系统调用：检查程序调用你的函数，比较它们的返回值。',
  },
  pieces: ['isDigest', 'chainIds'],
  values: random => ({
    diffIds: Array.from({ length: random.integer(3, 6) }, () => sha256(random.word())),
  }),
  judge: (mine, { diffIds }) => [...digestFindings(mine, diffIds[0]!), ...chainFindings(mine, diffIds)],
  hints: [
    {
      en: 'The section “The idea” says what a chain ID is made of; “The same by hand” computed one with printf and sha256sum.',
      zh: '“核心思想”一节说了链 ID 由什么组成；“手工计算”里用 printf 和 sha256sum 算过一个。',
    },
    {
      en: "A pattern that must fit the whole text begins with ^ and ends with $. Ask `typeof value === 'string'` before: a pattern turns everything into text.",
      zh: "要匹配整段文本，正则表达式以 ^ 开头、以 $ 结尾。先判断 `typeof value === 'string'`：正则表达式会把任何值都转成文本。",
    },
    {
      en: "Go through the diff IDs with a list `chain`. `chain.at(-1)` is the chain ID below, undefined for the first. Of all others the text is `below + ' ' + diffId`; before its 64 digits comes `sha256:`.",
      zh: "用一个列表 `chain` 逐个处理 diff ID。`chain.at(-1)` 是下面的链 ID，第一层时为 undefined。其余各层要算的文本是 `below + ' ' + diffId`；得到的 64 位数字前面加上 `sha256:`。",
    },
  ],
  wrong: [
    {
      name: 'a pattern without ends',
      code: ["  return typeof value === 'string' && /sha256:[0-9a-f]{64}/.test(value);"],
      hint: /does the pattern end with \$/,
    },
    {
      name: 'only the prefix',
      code: ["  return typeof value === 'string' && value.startsWith('sha256:') && value.length === 71;"],
      hint: /an image could read or replace it/,
    },
    {
      name: 'no look at the type',
      code: ['  return /^sha256:[0-9a-f]{64}$/.test(value as string);'],
      hint: /look at the type first/,
    },
    {
      name: 'diff IDs for chain IDs',
      code: [undefined, '  return [...diffIds];'],
      hint: /says nothing of what lies below/,
    },
    {
      name: 'the diff ID below in place of the chain ID below',
      code: [
        undefined,
        `  return diffIds.map((diffId, i) =>
    i === 0 ? diffId : \`sha256:\${createHash('sha256').update(\`\${diffIds[i - 1]} \${diffId}\`).digest('hex')}\` as Digest,
  );`,
      ],
      hint: /the \*chain\* ID below/,
    },
    {
      name: 'hashes the lowest layer too',
      code: [
        undefined,
        `  let below: string | undefined;
  return diffIds.map(diffId => {
    below = \`sha256:\${createHash('sha256').update(\`\${below} \${diffId}\`).digest('hex')}\`;
    return below as Digest;
  });`,
      ],
      hint: /no “undefined” either/,
    },
  ],
};
