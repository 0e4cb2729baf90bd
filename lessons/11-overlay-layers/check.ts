import fs from 'node:fs';
import path from 'node:path';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import type { Exercise, Finding, Mine, Seen } from '../../src/workshop/exercise/types.ts';
import { lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import type { Text } from '../../src/workshop/text/language.ts';

interface Values {
  /** Names of the two layers, bottom first, and of the container. */
  layers: readonly [string, string];
  container: string;
  /** A file of both layers, one that the upper layer deletes, a directory that it makes opaque. */
  both: string;
  deleted: string;
  directory: string;
}

const layersOf = ({ layers, container }: Values, scratch: string) => ({
  lowerBase: path.join(scratch, 'layers'),
  lower: layers.toReversed(),
  upper: `../${container}/upper`,
  work: `../${container}/work`,
  target: '../rootfs',
});

function program(mine: Mine, { scratch, command }: Stage, values: Values) {
  const top = path.join(scratch, 'layers', values.layers[1]);
  return lessonProgram({
    namespaces: ['mount'],
    child: [
      mine.whiteoutStep!(path.join(top, values.deleted)),
      mine.opaqueStep!(path.join(top, values.directory)),
      ...pieces.mountNamespace(),
      ...mine.overlayMount(layersOf(values, scratch), hostFacts().overlayOptions),
    ],
    command,
  });
}

const inside = ({ both, deleted, directory }: Values) => `cd "$LESSON/rootfs"
echo "both: $(cat ${both})"
echo "deleted: $([ -e ${deleted} ] && echo there)"
echo "directory: $(echo $(ls ${directory}))"
echo mine > written`;

function mountFinding(seen: Seen): Finding {
  const mounts = seen.process.mounts.filter(line => /^overlay on .*\/rootfs /.test(line));
  return {
    ok: mounts.length === 1,
    what: { en: 'an overlay is mounted on rootfs', zh: 'rootfs 上挂着一个 overlay' },
    hint: {
      en: `the process has ${mounts.length} overlays on rootfs: does overlayMount return the mount, to \`overlay.target\`?`,
      zh: `进程的 rootfs 上有 ${mounts.length} 个 overlay：overlayMount 有没有返回挂载到 \`overlay.target\` 的步骤？`,
    },
  };
}

function orderFinding(seen: Seen, { both }: Values): Finding {
  return {
    ok: seen.said('both') === 'from the upper layer',
    what: { en: `${both}, which both layers have, is the upper one’s`, zh: `${both} 两层都有，看到的是上面那层的` },
    hint: {
      en: `it is “${seen.said('both')}”: overlayfs wants the topmost layer first, and \`lower\` has it first already`,
      zh: `看到的是“${seen.said('both')}”：overlayfs 要求最上面的层写在最前面，而 \`lower\` 里它已经在最前面了`,
    },
  };
}

function whiteoutFinding(seen: Seen, { layers, deleted }: Values): Finding {
  const stats = fs.lstatSync(path.join(seen.scratch, 'layers', layers[1], deleted), { throwIfNoEntry: false });
  return {
    ok: stats?.isCharacterDevice() === true && stats.rdev === 0 && seen.said('deleted') === '',
    what: { en: `${deleted} of the lower layer is not seen`, zh: `下层的 ${deleted} 看不见` },
    hint: whiteoutHint(stats, deleted),
  };
}

function whiteoutHint(stats: fs.Stats | undefined, name: string): Text {
  if (stats === undefined)
    return {
      en: `the upper layer has nothing called ${name}: a deletion must be written down`,
      zh: `上层里没有叫 ${name} 的东西：删除必须记下来`,
    };
  if (stats.isFile())
    return {
      en: `${name} is a regular file in the upper layer: mknod makes one where no type is named; the type is what tells a whiteout from a file`,
      zh: `上层里的 ${name} 是普通文件：没写类型，mknod 就建普通文件；whiteout 与文件的区别正在于类型`,
    };
  if (stats.isCharacterDevice() && stats.rdev === 0)
    return {
      en: `the whiteout of ${name} is right; is its layer the upper one in your lowerdir?`,
      zh: `${name} 的 whiteout 没有问题；在你的 lowerdir 里，它所在的层在上面吗？`,
    };
  return {
    en: `${name} is device ${stats.rdev >> 8}:${stats.rdev & 0xff} in the upper layer, type ${(stats.mode >> 12).toString(8)}: a whiteout is character device 0:0`,
    zh: `上层里的 ${name} 是设备 ${stats.rdev >> 8}:${stats.rdev & 0xff}，类型 ${(stats.mode >> 12).toString(8)}：whiteout 是字符设备 0:0`,
  };
}

function opaqueFinding(seen: Seen, { directory }: Values): Finding {
  const found = seen.said('directory');
  return {
    ok: found === 'above',
    what: { en: `in ${directory} only the upper layer’s file is seen`, zh: `${directory} 里只看得到上层的文件` },
    hint: {
      en: `in it are: ${found || 'nothing'}. The attribute is trusted.overlay.opaque and its value one byte, y: how long did you say it is?`,
      zh: `里面有：${found || '什么也没有'}。属性是 trusted.overlay.opaque，值是一个字节 y：你写的长度是多少？`,
    },
  };
}

function writtenFindings(seen: Seen, { layers, container }: Values): Finding[] {
  const upper = path.join(seen.scratch, container, 'upper/written');
  return [
    {
      ok: fs.existsSync(upper),
      what: { en: 'what the process wrote is in the upper directory', zh: '进程写的文件在 upper 目录里' },
      hint: {
        en: 'it is not: where does `upperdir=` lead, seen from `overlay.lowerBase`?',
        zh: '不在：从 `overlay.lowerBase` 看，`upperdir=` 指向哪里？',
      },
    },
    {
      ok: layers.every(name => !fs.existsSync(path.join(seen.scratch, 'layers', name, 'written'))),
      what: { en: 'and in no layer', zh: '而且不在任何一层里' },
      hint: { en: 'a layer was written to', zh: '有一层被写过了' },
    },
  ];
}

export const exercise: Exercise<Values> = {
  lesson: 'overlay-layers',
  task: {
    en: 'Write `whiteoutStep(path)` and `opaqueStep(directory)`, by which a layer says what is not there any more, and `overlayMount(overlay, options)`, which makes one tree of the layers. Their names may hold anything that a file name may.',
    zh: '写 `whiteoutStep(path)` 和 `opaqueStep(directory)`，一层靠它们说明哪些内容已经不在了；再写 `overlayMount(overlay, options)`，把各层合成一棵树。层的名字里可以有文件名允许的任何字符。',
  },
  pieces: ['whiteoutStep', 'opaqueStep', 'overlayMount'],
  syscalls: ['mknodat', 'lsetxattr', 'setxattr', 'chdir', 'mount'],
  values: random => ({
    layers: [`${random.word()}:${random.word()}`, `${random.word()},${random.word()}`],
    container: `${random.word()},${random.pick(['one', 'two', 'three'])}:${random.integer(1, 99)}`,
    both: `${random.word()}-both`,
    deleted: `${random.word()}-old`,
    directory: `${random.word()}-data`,
  }),
  prepare(scratch, { layers, container, both, deleted, directory }) {
    const [below, above] = layers.map(name => path.join(scratch, 'layers', name)) as [string, string];
    const folders = [
      path.join(below, directory),
      path.join(above, directory),
      ...['upper', 'work'].map(name => path.join(scratch, container, name)),
      path.join(scratch, 'rootfs'),
    ];
    for (const folder of folders) fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(below, both), 'from the lower layer\n');
    fs.writeFileSync(path.join(above, both), 'from the upper layer\n');
    fs.writeFileSync(path.join(below, deleted), '');
    fs.writeFileSync(path.join(below, directory, 'below'), '');
    fs.writeFileSync(path.join(above, directory, 'above'), '');
  },
  program,
  inside,
  grade: (seen, values) => {
    const mounted = mountFinding(seen);
    // Without the mount all else would only repeat that.
    if (!mounted.ok) return [mounted];
    return [
      mounted,
      orderFinding(seen, values),
      whiteoutFinding(seen, values),
      opaqueFinding(seen, values),
      ...writtenFindings(seen, values),
    ];
  },
  explain: ({ call, errno, mine }, { layers }) => {
    if (!mine) return undefined;
    if (call === 'mount' && (errno === 'ENOENT' || errno === 'EINVAL'))
      return {
        en: `one of the directories is not found, or an option is not understood. The layers are called ${layers.join(' and ')}: what do colons and commas mean in mount options? A backslash before one takes that meaning away. And where do the names begin?`,
        zh: `有的目录找不到，或者有的选项看不懂。两层分别叫 ${layers.join(' 和 ')}：冒号和逗号在挂载选项里是什么意思？前面加反斜杠就没有特殊含义了。另外，名字从哪里算起？`,
      };
    if (call === 'mknodat' && errno === 'EEXIST')
      return { en: 'there is something at this path already', zh: '这个路径上已经有东西了' };
    if (call.endsWith('setxattr') && errno === 'EOPNOTSUPP')
      return {
        en: 'this is no name of an attribute that this file system knows: it begins with `trusted.`',
        zh: '这个文件系统不认识这样的属性名：名字以 `trusted.` 开头',
      };
    return undefined;
  },
  hints: [
    {
      en: 'Section “The idea” says what both marks look like on disk; section “The syscalls” has the calls.',
      zh: '“核心思想”一节说了两种标记在磁盘上的样子，“用到的系统调用”一节有对应的调用。',
    },
    {
      en: '`mknodat(AT_FDCWD, path, S_IFCHR, 0)`; `lsetxattr(directory, "trusted.overlay.opaque", "y", 1, 0)`, where "y" is `text(\'y\')`.',
      zh: '`mknodat(AT_FDCWD, path, S_IFCHR, 0)`；`lsetxattr(directory, "trusted.overlay.opaque", "y", 1, 0)`，其中 "y" 是 `text(\'y\')`。',
    },
    {
      en: "`path.replace(/[\\\\:,]/g, '\\\\$&')` puts a backslash before each backslash, colon and comma. All paths need it: the layers, upper and work.",
      zh: "`path.replace(/[\\\\:,]/g, '\\\\$&')` 在每个反斜杠、冒号、逗号前加上反斜杠。各层、upper、work 的路径都需要。",
    },
  ],
  wrong: [
    {
      name: 'an empty file for a whiteout',
      code: [`  return call('mknodat', [AT.AT_FDCWD, str(path), S.S_IFREG, 0], { why: 'a whiteout' });`],
      hint: /regular file in the upper layer/,
    },
    {
      name: 'yes in place of y',
      code: [
        undefined,
        `  return call('lsetxattr', [str(directory), str('trusted.overlay.opaque'), str('yes'), 3, 0], { why: 'opaque' });`,
      ],
      hint: /its value one byte/,
    },
    {
      name: 'names as they are',
      code: [
        undefined,
        undefined,
        `  const data = [\`lowerdir=\${overlay.lower.join(':')}\`, \`upperdir=\${overlay.upper}\`, \`workdir=\${overlay.work}\`, ...options].join(',');
  return [
    call('chdir', [str(overlay.lowerBase)], { why: 'there' }),
    mount('overlay', overlay.target, 'overlay', 0, data, { why: 'one tree' }),
  ];`,
      ],
      hint: /what do colons and commas mean/,
    },
    {
      name: 'the lowest layer first',
      code: [
        undefined,
        undefined,
        `  const escaped = (path: string) => path.replace(/[\\\\:,]/g, '\\\\$&');
  const lower = [...overlay.lower].reverse().map(escaped).join(':');
  const data = [\`lowerdir=\${lower}\`, \`upperdir=\${escaped(overlay.upper)}\`, \`workdir=\${escaped(overlay.work)}\`, ...options].join(',');
  return [
    call('chdir', [str(overlay.lowerBase)], { why: 'there' }),
    mount('overlay', overlay.target, 'overlay', 0, data, { why: 'one tree' }),
  ];`,
      ],
      hint: /topmost layer first/,
    },
    {
      name: 'no chdir',
      code: [
        undefined,
        undefined,
        `  const escaped = (path: string) => path.replace(/[\\\\:,]/g, '\\\\$&');
  const data = [\`lowerdir=\${overlay.lower.map(escaped).join(':')}\`, \`upperdir=\${escaped(overlay.upper)}\`, \`workdir=\${escaped(overlay.work)}\`].join(',');
  return [mount('overlay', overlay.target, 'overlay', 0, data, { why: 'one tree' })];`,
      ],
      hint: /where do the names begin/,
    },
  ],
};
