import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ImageRecord } from '../../src/image/store.ts';
import type { Finding } from '../../src/workshop/exercise/types.ts';
import { finding } from '../../src/workshop/lab/kit/finding.ts';
import { imageNamed, isShown, layersWith, removeUnnamed, stored, textIn } from '../../src/workshop/lab/kit/image.ts';
import { ensureImage, removeAll } from '../../src/workshop/lab/kit/plant.ts';
import { seededRandom } from '../../src/workshop/lab/seed.ts';
import type { Lab, Place, Values } from '../../src/workshop/lab/types.ts';

const base = 'lab03';
const tools = 'lab03-tools';

/** Large, and of no use to those who only run the program. */
const compiler = 'a compiler is large\n'.repeat(200_000);
const KiB = 1 << 10;

const files = {
  // An installation is never the same twice: a number says whether it was done again.
  'bin/fetch': `#!/bin/sh
mkdir -p /opt/packages
for name in $(cat "$1"); do cat /proc/sys/kernel/random/uuid > "/opt/packages/$name"; done
`,
};

const toolFiles = {
  'opt/toolchain/compiler': compiler,
  'bin/assemble': `#!/bin/sh
mark=$(sha256sum < /opt/toolchain/compiler | cut -c1-12)
{ echo '#!/bin/sh'; echo "# assembled by $mark"; tail -n +2 "$1"; } > "$2" && chmod 755 "$2"
`,
};

const mark = `# assembled by ${createHash('sha256').update(compiler).digest('hex').slice(0, 12)}`;

interface Own extends Values {
  readonly app: string;
  readonly small: string;
  readonly greeting: string;
  readonly guest: string;
  readonly uid: number;
}

/** What the planted files hold: it follows from the name. */
function contentsOf({ app }: Own) {
  const random = seededRandom(app);
  const [soup, secret, ...packages] = random.words(5);
  return { soup, secret, packages };
}

/** A text of the learner's folder, where there is none yet. */
function plantFile(file: string, content: string, mode = 0o644): void {
  if (fs.existsSync(file)) return;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content, { mode });
  fs.chmodSync(file, mode);
}

/** An image begins with the one layer of `base`. */
function beginsWithBase(place: Place, image: ImageRecord): Finding {
  const lowest = imageNamed(place, base)?.diffIds[0];
  const isTools = image.diffIds[0] !== undefined && image.diffIds[0] === imageNamed(place, tools)?.diffIds[0];
  return finding(
    lowest !== undefined && image.diffIds[0] === lowest,
    { en: `its lowest layer is that of ${base}`, zh: `它最下面的一层是 ${base} 的那一层` },
    isTools
      ? {
          en: `it is that of ${tools}: the last FROM says what the image begins with`,
          zh: `那是 ${tools} 的层：镜像从什么开始，由最后一个 FROM 决定`,
        }
      : { en: `it is not: FROM ${base}`, zh: `不是：应当 FROM ${base}` },
  );
}

/** No layer has anything at a path, hidden ones included. */
function inNoLayer(image: ImageRecord, file: string): Finding {
  const layers = layersWith(image, file);
  const isHidden = layers.length > 0 && !isShown(image, file);
  return finding(
    layers.length === 0,
    { en: `no layer has ${file}`, zh: `没有哪一层里有 ${file}` },
    isHidden
      ? {
          en: `layer ${layers.join(', ')} has it: a layer above only hides it`,
          zh: `第 ${layers.join('、')} 层里有：上面的层只是把它遮住了`,
        }
      : { en: `layer ${layers.join(', ')} has it`, zh: `第 ${layers.join('、')} 层里有` },
  );
}

/** The program lies where it should, and the image says that this is where work begins. */
function programAt(image: ImageRecord, app: string): Finding[] {
  const [folder, file] = [`/srv/${app}`, `/srv/${app}/greet`];
  const { WorkingDir = '' } = image.config;
  const elsewhere = ['/greet', '/srv/greet', '/root/greet'].find(one => textIn(image, one) !== undefined);
  return [
    finding(
      WorkingDir.replace(/(?<=.)\/$/, '') === folder,
      { en: `its config says WorkingDir ${folder}`, zh: `它的 config 写着 WorkingDir ${folder}` },
      WorkingDir === ''
        ? {
            en: 'it says none: a `cd` of RUN ends with its process',
            zh: '没有写：RUN 里的 `cd` 随它的进程一起结束',
          }
        : { en: `it says ${WorkingDir}`, zh: `写的是 ${WorkingDir}` },
    ),
    finding(
      textIn(image, file)?.startsWith('#!') === true,
      { en: `${file} is the program`, zh: `${file} 就是那个程序` },
      elsewhere === undefined
        ? { en: 'there is no such file in the image', zh: '镜像里没有这个文件' }
        : { en: `it lies at ${elsewhere}`, zh: `它在 ${elsewhere}` },
    ),
  ];
}

const asJson = (words: readonly string[] | undefined) => JSON.stringify(words ?? []);

export const lab: Lab<Own> = {
  id: '03-dockerfile',
  minutes: 50,
  version: 1,
  needs: ['overlay-layers', 'image-format', 'dockerfile-build'],
  programs: ['busybox'],

  values(random) {
    const [app, small, greeting, guest] = random.words(4);
    return { app, small, greeting, guest, uid: random.integer(1000, 19_999) };
  },

  async plant(place, values) {
    await ensureImage(place, base, files);
    await ensureImage(place, tools, toolFiles);
    const { soup, secret, packages } = contentsOf(values);
    const program = path.join(place.folder, 'program');
    plantFile(path.join(program, 'greet'), '#!/bin/sh\necho "$GREETING, $*! I am user $(id -u), in $PWD."\n', 0o755);
    plantFile(path.join(program, 'packages.txt'), `${packages.join('\n')}\n`);
    plantFile(path.join(program, 'secret.key'), `${secret}\n`);
    const archive = path.join(program, 'menu.tar');
    if (fs.existsSync(archive)) return;
    const tree = fs.mkdtempSync(path.join(place.folder, '.menu-'));
    try {
      plantFile(path.join(tree, 'menu/soup'), `${soup}\n`);
      await place.run('tar', '-C', tree, '-cf', archive, 'menu');
    } finally {
      fs.rmSync(tree, { recursive: true, force: true });
    }
  },

  tasks: [
    {
      points: 20,
      ask: ({ app }) => ({
        en: `An image \`${app}:1\` of \`${base}\`, in whose directory \`/srv/${app}\` lie \`greet\` and the unpacked menu`,
        zh: `镜像 \`${app}:1\`，从 \`${base}\` 开始，目录 \`/srv/${app}\` 里有 \`greet\` 和解开的菜单`,
      }),
      check(place, values) {
        const { app } = values;
        const { image, findings } = stored(place, `${app}:1`);
        if (image === undefined) return findings;
        const { soup } = contentsOf(values);
        const menu = `/srv/${app}/menu/soup`;
        return [
          ...findings,
          beginsWithBase(place, image),
          ...programAt(image, app),
          finding(
            textIn(image, menu)?.trim() === soup,
            { en: `${menu} holds what was in the archive`, zh: `${menu} 的内容就是归档里的` },
            { en: 'there is no such file in the image', zh: '镜像里没有这样的文件' },
          ),
          inNoLayer(image, `/srv/${app}/menu.tar`),
        ];
      },
      hints: [
        () => ({
          en: 'FROM, WORKDIR, COPY, ADD. WORKDIR makes the directory where it is missing.',
          zh: 'FROM、WORKDIR、COPY、ADD。目录不存在时，WORKDIR 会创建它。',
        }),
        () => ({
          en: 'COPY leaves an archive as it is, ADD unpacks it.',
          zh: 'COPY 让归档保持原样，ADD 把它解开。',
        }),
      ],
    },
    {
      points: 25,
      ask: ({ app, greeting, guest, uid }) => ({
        en: `\`${app}:2\` runs \`./greet\` as user ${uid}, with GREETING=${greeting}; who gives no other name greets ${guest}`,
        zh: `\`${app}:2\` 以用户 ${uid} 的身份运行 \`./greet\`，GREETING=${greeting}；不给别的名字时，问候 ${guest}`,
      }),
      check(place, { app, greeting, guest, uid }) {
        const { image, findings } = stored(place, `${app}:2`);
        if (image === undefined) return findings;
        const { Env = [], User = '', Entrypoint, Cmd } = image.config;
        const variable = Env.find(one => one.startsWith('GREETING='));
        const isShell = (words: readonly string[] = []) => words[0] === '/bin/sh' && words[1] === '-c';
        return [
          ...findings,
          ...programAt(image, app),
          finding(
            variable === `GREETING=${greeting}`,
            { en: `Env has GREETING=${greeting}`, zh: `Env 里有 GREETING=${greeting}` },
            variable === undefined
              ? {
                  en: 'it has no GREETING: what RUN exports ends with its process',
                  zh: '没有 GREETING：RUN 里 export 的随它的进程一起结束',
                }
              : { en: `it has ${variable}`, zh: `写的是 ${variable}` },
          ),
          finding(
            User.split(':')[0] === String(uid),
            { en: `User is ${uid}`, zh: `User 是 ${uid}` },
            User === ''
              ? { en: 'it is nobody: root, then', zh: '没有写：那就是 root' }
              : { en: `it is ${User}`, zh: `是 ${User}` },
          ),
          finding(
            [asJson(['./greet']), asJson([`/srv/${app}/greet`])].includes(asJson(Entrypoint)),
            { en: `Entrypoint is ${asJson(Entrypoint)}`, zh: `Entrypoint 是 ${asJson(Entrypoint)}` },
            isShell(Entrypoint)
              ? {
                  en: 'a shell stands before it, which keeps arguments and signals to itself: write a list in brackets',
                  zh: '前面站着一个 shell，参数和信号都到它为止：要写成方括号里的列表',
                }
              : { en: 'it should be ["./greet"]', zh: '应当是 ["./greet"]' },
          ),
          finding(
            asJson(Cmd) === asJson([guest]),
            { en: `Cmd is ${asJson(Cmd)}`, zh: `Cmd 是 ${asJson(Cmd)}` },
            isShell(Cmd)
              ? {
                  en: 'these are three arguments for the entrypoint: write a list in brackets',
                  zh: '这对 entrypoint 来说是三个参数：要写成方括号里的列表',
                }
              : {
                  en: `it should be ${asJson([guest])}: arguments of the entrypoint`,
                  zh: `应当是 ${asJson([guest])}：entrypoint 的参数`,
                },
          ),
        ];
      },
      hints: [
        () => ({
          en: 'Four instructions that make no layer: ENV, USER, ENTRYPOINT, CMD.',
          zh: '四条不产生层的指令：ENV、USER、ENTRYPOINT、CMD。',
        }),
        ({ app }) => ({
          en: `What stands behind the image in \`minidock run\` takes the place of CMD, not of ENTRYPOINT: \`minidock run --rm ${app}:2 Ada\`.`,
          zh: `\`minidock run\` 里写在镜像后面的，代替的是 CMD，而不是 ENTRYPOINT：\`minidock run --rm ${app}:2 Ada\`。`,
        }),
      ],
    },
    {
      points: 15,
      ask: ({ app }) => ({
        en: `\`${app}:3\` has all files of the folder, and no layer has \`secret.key\``,
        zh: `\`${app}:3\` 里有文件夹的全部文件，而没有哪一层里有 \`secret.key\``,
      }),
      check(place, { app }) {
        const { image, findings } = stored(place, `${app}:3`);
        if (image === undefined) return findings;
        const lacking = ['greet', 'packages.txt', 'menu.tar'].filter(
          name => layersWith(image, `/srv/${app}/${name}`).length === 0,
        );
        return [
          ...findings,
          finding(
            lacking.length === 0,
            { en: `/srv/${app} has the other files`, zh: `/srv/${app} 里有其他文件` },
            { en: `missing: ${lacking.join(', ')}`, zh: `缺少：${lacking.join('、')}` },
          ),
          inNoLayer(image, `/srv/${app}/secret.key`),
        ];
      },
      hints: [
        () => ({
          en: 'What the builder is not given it cannot copy: a file beside the Dockerfile names what is left out.',
          zh: '没有交给构建器的，它就复制不了：Dockerfile 旁边有一个文件，写明哪些不交。',
        }),
        () => ({
          en: '`.dockerignore`, a pattern a line.',
          zh: '`.dockerignore`，每行一个模式。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ app }) => ({
        en: `\`${app}:4\` and, after a change of \`greet\`, \`${app}:5\`: with the packages in one layer that both share`,
        zh: `\`${app}:4\`，修改 \`greet\` 之后再构建 \`${app}:5\`：软件包在两者共用的一层里`,
      }),
      check(place, values) {
        const { app } = values;
        const [before, after] = [stored(place, `${app}:4`), stored(place, `${app}:5`)];
        if (before.image === undefined || after.image === undefined) return [...before.findings, ...after.findings];
        const [older, newer] = [before.image, after.image];
        const lacking = contentsOf(values).packages.filter(
          name =>
            textIn(older, `/opt/packages/${name}`) === undefined ||
            textIn(newer, `/opt/packages/${name}`) === undefined,
        );
        const installed = finding(
          lacking.length === 0,
          { en: 'both have all packages of packages.txt', zh: '两者都有 packages.txt 里的全部软件包' },
          { en: `missing in /opt/packages: ${lacking.join(', ')}`, zh: `/opt/packages 里缺少：${lacking.join('、')}` },
        );
        const program = `/srv/${app}/greet`;
        const isChanged = textIn(older, program) !== textIn(newer, program) && textIn(newer, program) !== undefined;
        const layerOf = (image: ImageRecord) => image.diffIds[(layersWith(image, '/opt/packages').at(-1) ?? 0) - 1];
        const copied = layersWith(older, program)[0] ?? Number.POSITIVE_INFINITY;
        const isBelow = copied < (layersWith(older, '/opt/packages').at(-1) ?? 0);
        return [
          ...before.findings,
          ...after.findings,
          installed,
          finding(
            isChanged,
            { en: `${program} differs in them`, zh: `两者的 ${program} 不同` },
            { en: 'it is the same: change the program in between', zh: '是一样的：两次之间要修改程序' },
          ),
          finding(
            lacking.length === 0 && layerOf(older) === layerOf(newer),
            { en: 'the packages are the same layer in both', zh: '软件包在两者中是同一层' },
            isBelow
              ? {
                  en: 'they were installed twice: the program is copied below, and a key has the image below in it',
                  zh: '安装了两次：程序复制在它的下面，而键里有下面的镜像',
                }
              : { en: 'they were installed twice', zh: '安装了两次' },
          ),
        ];
      },
      hints: [
        () => ({
          en: 'What changes often goes to the end. What does the installation need of the folder? Only that goes before it.',
          zh: '常改的放在最后。安装需要文件夹里的什么？它前面只放这个。',
        }),
        () => ({
          en: '`COPY packages.txt .`, `RUN fetch packages.txt`, `COPY . .`; `minidock build --explain` says why a step was done again.',
          zh: '`COPY packages.txt .`、`RUN fetch packages.txt`、`COPY . .`；`minidock build --explain` 会说明某一步为什么重新执行。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ small }) => ({
        en: `\`${small}\`: \`${base}\` and the assembled program \`/bin/greet\`, nothing of the toolchain`,
        zh: `\`${small}\`：\`${base}\` 加上汇编好的程序 \`/bin/greet\`，不带工具链的任何东西`,
      }),
      check(place, { small }) {
        const { image, findings } = stored(place, small);
        if (image === undefined) return findings;
        const program = textIn(image, '/bin/greet');
        const more = image.size - (imageNamed(place, base)?.size ?? 0);
        return [
          ...findings,
          beginsWithBase(place, image),
          finding(
            program?.split('\n')[1] === mark,
            { en: '/bin/greet is what `assemble` makes', zh: '/bin/greet 是 `assemble` 的产物' },
            program === undefined
              ? { en: 'there is no such file', zh: '没有这个文件' }
              : { en: 'its second line does not say so: is it the source?', zh: '第二行看不出来：这是源文件吗？' },
          ),
          inNoLayer(image, '/opt/toolchain'),
          finding(
            more <= 16 * KiB,
            {
              en: `it has ${Math.ceil(more / KiB)} KiB more than ${base}`,
              zh: `它比 ${base} 多 ${Math.ceil(more / KiB)} KiB`,
            },
            { en: '16 KiB are enough for the program', zh: '程序有 16 KiB 就够了' },
          ),
        ];
      },
      hints: [
        () => ({
          en: `Two FROM: the first stage of \`${tools}\` makes the program, the second one takes it.`,
          zh: `两个 FROM：第一个阶段从 \`${tools}\` 开始，做出程序；第二个阶段把它拿过来。`,
        }),
        () => ({
          en: `\`FROM ${tools} AS build\` … \`FROM ${base}\`, \`COPY --from=build FILE /bin/greet\`.`,
          zh: `\`FROM ${tools} AS build\` … \`FROM ${base}\`、\`COPY --from=build 文件 /bin/greet\`。`,
        }),
      ],
    },
  ],

  async clean(place, { app, small }) {
    const lowest = [base, tools].flatMap(name => imageNamed(place, name)?.diffIds[0] ?? []);
    await removeAll(place, { images: [1, 2, 3, 4, 5].map(tag => `${app}:${tag}`).concat(`${small}:latest`) });
    await removeUnnamed(place, lowest);
    await removeAll(place, { images: [base, tools] });
  },
};
