import type { Exercise, Finding, Mine } from '../../src/workshop/exercise/types.ts';
import type { Text } from '../../src/workshop/text/language.ts';

interface Member {
  readonly entry: {
    readonly type: 'file' | 'directory' | 'symlink';
    readonly name: string;
    readonly target: string;
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
    readonly mtime: number;
  };
  readonly content?: Uint8Array;
}

interface Values {
  readonly image: string;
  readonly words: string;
  /** Of one directory: the directory, a program, a link, a text. */
  readonly members: readonly Member[];
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const isKey = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/** Two lists of parts that must not have one key, and what somebody did whose keys are the same. */
function differingParts({ image, words }: Values): { a: unknown[]; b: unknown[]; what: Text; hint: Text }[] {
  return [
    {
      a: [image, `RUN ${words}`],
      b: [image, `RUN ${words} `],
      what: { en: 'another command has another key', zh: '命令不同，键就不同' },
      hint: { en: 'the words are in no part of the key', zh: '键里没有指令的文字' },
    },
    {
      a: [image, `RUN ${words}`],
      b: [`${image}0`, `RUN ${words}`],
      what: { en: 'another image below has another key', zh: '下面的镜像不同，键就不同' },
      hint: {
        en: 'the same RUN on another base was found in the cache: its layer would lie on files that it was not made from',
        zh: '同一条 RUN 换了基础镜像，却在缓存里找到了：它的层会叠在并非来源的文件上',
      },
    },
    {
      a: [image, 'ab', 'c'],
      b: [image, 'a', 'bc'],
      what: { en: '“ab”, “c” and “a”, “bc” have two keys', zh: '“ab”、“c”与“a”、“bc”的键不同' },
      hint: {
        en: 'you join the parts, and nobody sees any more where one ends: JSON.stringify keeps that',
        zh: '你把各部分直接连在一起，分界就看不出来了：JSON.stringify 能保留分界',
      },
    },
    {
      a: [image, `a,${words}`],
      b: [image, 'a', words],
      what: { en: '“a,b” and “a”, “b” have two keys', zh: '“a,b”与“a”、“b”的键不同' },
      hint: {
        en: 'a separator can also be a part of a text: then two lists look the same. JSON puts texts in quotes and escapes those',
        zh: '分隔符也可能出现在文本里，两个列表就会看起来一样。JSON 给文本加引号，并对引号转义',
      },
    },
    {
      a: [image, ['a', 'b']],
      b: [image, 'a', 'b'],
      what: { en: 'a list in the parts is not its items', zh: '部分里的列表不等于它的各项' },
      hint: { en: 'lists are flattened: [["a","b"]] is not ["a","b"]', zh: '列表被摊平了：[["a","b"]] 不是 ["a","b"]' },
    },
  ];
}

function keyFindings(mine: Mine, values: Values): Finding[] {
  const keyOf = mine.keyOf!;
  const parts = [values.image, `RUN ${values.words}`];
  const key: unknown = keyOf(parts);
  return [
    {
      ok: isKey(key),
      what: { en: 'keyOf gives the name of a file: 64 digits', zh: 'keyOf 得到可作文件名的 64 位' },
      hint: {
        en: `it returns ${JSON.stringify(key)?.slice(0, 40)}; sha256 in hex has 64 digits`,
        zh: `它返回 ${JSON.stringify(key)?.slice(0, 40)}；十六进制的 sha256 有 64 位`,
      },
    },
    ...differingParts(values).map(({ a, b, what, hint }) => ({ ok: keyOf(a) !== keyOf(b), what, hint })),
  ];
}

/** One thing of a member changed: whether the digest must be another one. */
interface Change {
  readonly at: number;
  readonly change: Partial<Member['entry']> | { readonly content: Uint8Array };
  readonly matters: boolean;
  readonly what: Text;
  readonly hint: Text;
}

const changes: readonly Change[] = [
  {
    at: 1,
    change: { content: bytes('another\n') },
    matters: true,
    what: { en: 'another content, another digest', zh: '内容不同，摘要就不同' },
    hint: {
      en: 'the content is not asked: COPY would give yesterday’s program',
      zh: '没有看内容：COPY 得到的会是昨天的程序',
    },
  },
  {
    at: 1,
    change: { mtime: 2_000_000_000 },
    matters: false,
    what: { en: 'another time, the same digest', zh: '时间不同，摘要相同' },
    hint: {
      en: 'the time is in your digest: after each git clone everything would be built anew',
      zh: '你把时间也算进去了：每次 git clone 之后都会全部重新构建',
    },
  },
  {
    at: 1,
    change: { mode: 0o755 },
    matters: true,
    what: { en: 'chmod +x, another digest', zh: 'chmod +x 之后，摘要不同' },
    hint: {
      en: 'the mode is in the layer: a script that cannot be executed is another layer',
      zh: '权限会进层：不能执行的脚本是另一层',
    },
  },
  {
    at: 1,
    change: { uid: 1000 },
    matters: true,
    what: { en: 'chown, another digest', zh: 'chown 之后，摘要不同' },
    hint: { en: 'owner and group are in the layer too', zh: '所有者和组也会进层' },
  },
  {
    at: 1,
    change: { name: 'app/renamed' },
    matters: true,
    what: { en: 'another name, another digest', zh: '名字不同，摘要就不同' },
    hint: {
      en: 'a renamed file has the same content: its name must count',
      zh: '改了名的文件内容相同：名字也必须算进去',
    },
  },
  {
    at: 2,
    change: { target: 'elsewhere' },
    matters: true,
    what: { en: 'a link that leads elsewhere, another digest', zh: '链接指向别处，摘要就不同' },
    hint: { en: 'a symbolic link has no content, but a target', zh: '符号链接没有内容，但有目标' },
  },
];

function changed(members: readonly Member[], { at, change }: Change): Member[] {
  return members.map((member, i) => {
    if (i !== at) return member;
    return 'content' in change ? { ...member, ...change } : { ...member, entry: { ...member.entry, ...change } };
  });
}

interface Digests {
  readonly digest?: unknown;
  readonly files?: Readonly<Record<string, unknown>>;
}

function copyFindings(mine: Mine, { members }: Values): Finding[] {
  const digestOf = (list: readonly Member[]) => (mine.digestOf!(list) ?? {}) as Digests;
  const before = digestOf(members);
  const names = members.map(({ entry }) => entry.name);
  const program = names[1]!;
  const edited = digestOf(changed(members, changes[0]!));
  const told = names.filter(name => before.files?.[name] !== edited.files?.[name]);
  return [
    {
      ok: isKey(before.digest) && before.digest === digestOf(members).digest,
      what: { en: 'digestOf gives one digest of 64 digits', zh: 'digestOf 得到一个 64 位的摘要' },
      hint: {
        en: `digest is ${JSON.stringify(before.digest)?.slice(0, 40)}`,
        zh: `digest 是 ${JSON.stringify(before.digest)?.slice(0, 40)}`,
      },
    },
    {
      ok: names.every(name => isKey(before.files?.[name])),
      what: { en: 'and one for each name', zh: '每个名字也各有一个' },
      hint: {
        en: `files has ${Object.keys(before.files ?? {}).length} names, the COPY has ${names.length}; directories and links count`,
        zh: `files 里有 ${Object.keys(before.files ?? {}).length} 个名字，COPY 有 ${names.length} 个；目录和链接也算`,
      },
    },
    ...changes.map(change => ({
      ok: (before.digest !== digestOf(changed(members, change)).digest) === change.matters,
      what: change.what,
      hint: change.hint,
    })),
    {
      ok: told.length === 1 && told[0] === program,
      what: { en: `files tells which one changed: ${program}`, zh: `files 说明变的是哪一个：${program}` },
      hint: {
        en: `one file was edited, and files differs at ${told.join(', ') || 'no name'}: each file has a digest of its own`,
        zh: `只改了一个文件，files 里不同的却是 ${told.join('、') || '零个'}：每个文件要有自己的摘要`,
      },
    },
  ];
}

export const exercise: Exercise<Values> = {
  lesson: 'dockerfile-build',
  task: {
    en: 'Write `keyOf(parts)`, under which the cache keeps what a step made, and `digestOf(members)`, by which it knows the files of a COPY. A key that is too coarse gives a wrong image; one that is too fine builds everything anew each time. Your functions are called with parts and files that differ in one place.',
    zh: '写 `keyOf(parts)`：缓存用它保存一步得到的结果；再写 `digestOf(members)`：缓存靠它识别 COPY 的文件。键太粗，得到的镜像是错的；键太细，每次都得全部重新构建。检查程序用只差一处的参数和文件调用你的函数。',
  },
  pieces: ['keyOf', 'digestOf'],
  values: random => ({
    image: `sha256:${random.word()}`,
    words: random.word(),
    members: [
      { entry: entryOf('directory', 'app', { mode: 0o755 }) },
      { entry: entryOf('file', `app/${random.word()}.sh`), content: bytes(`${random.word()}\n`) },
      { entry: entryOf('symlink', 'app/current', { target: random.word(), mode: 0o777 }) },
      { entry: entryOf('file', 'app/notes'), content: bytes(`${random.word()}\n`) },
    ],
  }),
  judge: (mine, values) => [...keyFindings(mine, values), ...copyFindings(mine, values)],
  hints: [
    {
      en: 'The experiment “What COPY looks at” shows which changes must count and which must not.',
      zh: '实验“COPY 看的是什么”列出了哪些变化该算，哪些不该算。',
    },
    {
      en: '`keyOf` is one line: the sha256 of `JSON.stringify(parts)`. Why not `parts.join()`? Think of a part that holds the separator.',
      zh: '`keyOf` 只要一行：`JSON.stringify(parts)` 的 sha256。为什么不用 `parts.join()`？想想某一部分里含有分隔符的情况。',
    },
    {
      en: 'In `digestOf`, go through the members: `files[name] = keyOf([type, name, target, mode, uid, gid, hashOfContent])`. The digest of all is `keyOf(Object.values(files))`.',
      zh: '在 `digestOf` 里逐个处理成员：`files[name] = keyOf([type, name, target, mode, uid, gid, 内容的摘要])`。总的摘要是 `keyOf(Object.values(files))`。',
    },
  ],
  wrong: [
    {
      name: 'parts joined with nothing',
      code: ["  return createHash('sha256').update(parts.join('')).digest('hex');"],
      hint: /nobody sees any more where one ends/,
    },
    {
      name: 'parts joined with commas',
      code: ["  return createHash('sha256').update(parts.join(',')).digest('hex');"],
      hint: /a separator can also be a part of a text/,
    },
    {
      name: 'forgets the image below',
      code: ["  return createHash('sha256').update(JSON.stringify(parts.slice(1))).digest('hex');"],
      hint: /files that it was not made from/,
    },
    {
      name: 'the whole entry, its time too',
      code: [
        undefined,
        `  const files: Record<string, string> = {};
  for (const { entry, content } of members)
    files[entry.name] = keyOf([entry, createHash('sha256').update(content ?? '').digest('hex')]);
  return { digest: keyOf(Object.values(files)), files };`,
      ],
      hint: /after each git clone everything would be built anew/,
    },
    {
      name: 'contents alone',
      code: [
        undefined,
        `  const files: Record<string, string> = {};
  for (const { entry, content } of members)
    files[entry.name] = createHash('sha256').update(content ?? '').digest('hex');
  return { digest: keyOf(Object.values(files)), files };`,
      ],
      hint: /the mode is in the layer/,
    },
    {
      name: 'one digest for all names',
      code: [
        undefined,
        `  const all = [...members].map(({ entry: { mtime, ...entry }, content }) => keyOf([entry, [...(content ?? [])]]));
  const digest = keyOf(all);
  return { digest, files: Object.fromEntries([...members].map(({ entry }) => [entry.name, digest])) };`,
      ],
      hint: /each file has a digest of its own/,
    },
  ],
};

function entryOf(type: Member['entry']['type'], name: string, more: Partial<Member['entry']> = {}): Member['entry'] {
  return { type, name, target: '', mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000, ...more };
}
