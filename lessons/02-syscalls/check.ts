import fs from 'node:fs';
import path from 'node:path';
import { call, mkdir, mount, open } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { slot } from '../../src/syscalls/step.ts';
import { O } from '../../src/syscalls/uapi/flags.ts';
import type { Exercise } from '../../src/workshop/exercise/types.ts';
import { lessonProgram } from '../../src/workshop/lesson.ts';

const why = (en: string, zh: string) => ({ why: { en, zh } });

export const exercise: Exercise<{ directory: string }> = {
  lesson: 'syscalls',
  task: {
    en: 'Write `enterWorkingDirectory(cwd)` as three steps: go there, ask the kernel where you are, look at the answer. It is the engine’s own guard: through a descriptor that leaked, “there” was once a directory of the host (CVE-2024-21626).',
    zh: '用三个步骤写出 `enterWorkingDirectory(cwd)`：走进去，问内核你在哪里，检查它给的结果。引擎自己就靠它把守：曾有一个泄漏的描述符，让“那里”变成了宿主机的目录（CVE-2024-21626）。',
  },
  pieces: ['enterWorkingDirectory'],
  syscalls: ['chdir', 'getcwd'],
  values: random => ({ directory: `${random.word()}/${random.word()}` }),
  prepare: (scratch, { directory }) => {
    fs.mkdirSync(path.join(scratch, directory), { recursive: true });
  },
  program: (mine, { scratch, command }, { directory }) =>
    lessonProgram({ namespaces: [], child: mine.enterWorkingDirectory(`${scratch}/${directory}`), command }),
  inside: 'echo "here: $(pwd -P)"',
  grade({ process, steps }, { directory }) {
    const wanted = `/tmp/lesson/${directory}`;
    const found = fs.readlinkSync(`/proc/${process.pid}/cwd`);
    const calls = steps.map(step => (step.op === 'syscall' ? step.name : step.op));
    return [
      {
        ok: found === wanted,
        what: { en: `the process is in ${wanted}`, zh: `进程在 ${wanted} 里` },
        hint: calls.includes('chdir')
          ? {
              en: `the kernel says ${found}: is that the path you were given?`,
              zh: `内核说是 ${found}：这是传给你的路径吗？`,
            }
          : { en: `the kernel says ${found}: no step goes anywhere`, zh: `内核说是 ${found}：没有一个步骤在走动` },
      },
    ];
  },
  explain: ({ call: name, errno }) =>
    name === 'getcwd' && errno === 'ERANGE'
      ? {
          en: 'ERANGE: the path does not fit into the room that you gave, with its NUL. A path may have 4096 bytes',
          zh: 'ERANGE：路径连同末尾的 NUL 放不进你给的地方。路径最多 4096 字节',
        }
      : name === 'expect'
        ? {
            en: 'your expect refused a good directory: the answer is bytes, and the first of them is the code of "/", 47',
            zh: '你的 expect 拒绝了一个正常的目录：结果是字节，第一个是 "/" 的编码 47',
          }
        : undefined,
  more: [
    {
      what: {
        en: 'a directory that is not below the root is refused',
        zh: '不在根之下的目录会被拒绝',
      },
      hint: {
        en: 'the directory was entered though it lies outside of the root: chdir succeeds there, and only the answer of getcwd betrays it. Which step looks at the first byte?',
        zh: '这个目录在根之外，却照样进去了：chdir 在那里会成功，只有 getcwd 的结果会露出破绽。哪个步骤检查了第一个字节？',
      },
      stops: { call: 'expect', errno: 'unexpected' },
      program: (mine, { scratch, command }) => {
        const outside = slot('outside');
        return lessonProgram({
          namespaces: ['mount'],
          child: [
            mkdir(`${scratch}/root`, 0o755, why('a small root', '一个小的根')),
            mkdir(`${scratch}/root/proc`, 0o755, why('a mount point in it', '里面的挂载点')),
            mount(
              'proc',
              `${scratch}/root/proc`,
              'proc',
              0,
              null,
              why('descriptors by their paths', '用路径指称描述符'),
            ),
            open('/tmp', O.O_RDONLY, {
              ...why('a directory outside, held open', '根之外的目录，一直打开着'),
              save: outside,
            }),
            call('dup3', [outside, 7, 0], why('on descriptor 7, as it leaked', '放在描述符 7 上，就像泄漏时那样')),
            call('chroot', [str(`${scratch}/root`)], why('another root', '换一个根')),
            ...mine.enterWorkingDirectory('/proc/self/fd/7'),
          ],
          command,
        });
      },
    },
  ],
  hints: [
    {
      en: "man 2 chdir, man 2 getcwd. A step is a name, a list of arguments, a reason: `call('chdir', [str(cwd)], { why: { en: '…', zh: '…' } })`.",
      zh: "man 2 chdir、man 2 getcwd。一个步骤就是名字、参数列表和理由：`call('chdir', [str(cwd)], { why: { en: '…', zh: '…' } })`。",
    },
    {
      en: "The kernel cannot return a text: it writes into memory that you hand it. `const answer = room(4096, 'answer')`, then `call('getcwd', [answer, 4096], …)`.",
      zh: "内核无法返回一段文本：它写进你交给它的内存。`const answer = room(4096, 'answer')`，然后 `call('getcwd', [answer, 4096], …)`。",
    },
    {
      en: "The same `answer` in the third step: `expect(answer, 0, new TextEncoder().encode('/'), { why: … })`. Data is known by identity, so it must be the very same object.",
      zh: "第三步用同一个 `answer`：`expect(answer, 0, new TextEncoder().encode('/'), { why: … })`。数据按身份识别，所以必须是同一个对象。",
    },
  ],
  wrong: [
    {
      name: 'believes chdir',
      code: "  return [call('chdir', [str(cwd)], { why: { en: '', zh: '' } })];",
      hint: /only the answer of getcwd betrays it/,
    },
    {
      name: 'asks, and does not look',
      code: `  const answer = room(4096, 'answer');
  return [
    call('chdir', [str(cwd)], { why: { en: '', zh: '' } }),
    call('getcwd', [answer, 4096], { why: { en: '', zh: '' } }),
  ];`,
      hint: /Which step looks at the first byte/,
    },
    {
      name: 'too little room',
      code: `  const answer = room(8, 'answer');
  return [
    call('chdir', [str(cwd)], { why: { en: '', zh: '' } }),
    call('getcwd', [answer, 8], { why: { en: '', zh: '' } }),
    expect(answer, 0, new TextEncoder().encode('/'), { why: { en: '', zh: '' } }),
  ];`,
      hint: /ERANGE: the path does not fit/,
    },
    {
      name: 'says more room than there is',
      code: `  const answer = room(8, 'answer');
  return [
    call('chdir', [str(cwd)], { why: { en: '', zh: '' } }),
    call('getcwd', [answer, 4096], { why: { en: '', zh: '' } }),
    expect(answer, 0, new TextEncoder().encode('/'), { why: { en: '', zh: '' } }),
  ];`,
      hint: /has 8 bytes, and the kernel is told of 4096/,
    },
    {
      name: 'looks at other data',
      code: `  return [
    call('chdir', [str(cwd)], { why: { en: '', zh: '' } }),
    call('getcwd', [room(4096, 'answer'), 4096], { why: { en: '', zh: '' } }),
    expect(room(4096, 'answer'), 0, new TextEncoder().encode('/'), { why: { en: '', zh: '' } }),
  ];`,
      hint: /your expect refused a good directory/,
    },
  ],
};
