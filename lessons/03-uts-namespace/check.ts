import type { Exercise } from '../../src/workshop/exercise/types.ts';
import { lessonProgram } from '../../src/workshop/lesson.ts';

/** Letters outside of ASCII have more bytes than characters: who counts characters cuts the name. */
const umlauts = ['ö', 'ü', 'é', 'ñ'] as const;

export const exercise: Exercise<{ hostname: string }> = {
  lesson: 'uts-namespace',
  task: {
    en: 'Write `utsNamespace(hostname)`: the step by which a process that already has a UTS namespace of its own gets its name. The engine makes the namespace; you say which call follows, with which arguments.',
    zh: '写出 `utsNamespace(hostname)`：进程已经有了自己的 UTS 命名空间，这一步给它命名。命名空间由引擎创建；你来写接下来的调用和参数。',
  },
  pieces: ['utsNamespace'],
  syscalls: ['sethostname'],
  values: random => ({ hostname: `${random.word()}-${random.pick(umlauts)}${random.word()}` }),
  program: (mine, { command }, { hostname }) =>
    lessonProgram({ namespaces: ['uts'], child: mine.utsNamespace(hostname), command }),
  inside: 'echo "hostname: $(uname -n)"',
  grade: ({ process, outer, steps }, { hostname }) => {
    const cut = process.hostname !== hostname && hostname.startsWith(process.hostname.replace(/\ufffd$/, ''));
    const withNul = process.hostname.replace(/\0$/, '') === hostname;
    return [
      {
        ok: process.hostname === hostname,
        what: { en: `the process’s hostname is ${hostname}`, zh: `进程的主机名是 ${hostname}` },
        hint:
          steps.length === 0
            ? {
                en: 'your function returned no step: the name is still the one that the namespace was filled with',
                zh: '你的函数没有返回任何步骤：名字还是命名空间创建时抄来的那个',
              }
            : cut && !withNul
              ? {
                  en: `the name ends too early, at “${process.hostname}”: the kernel counts bytes, and “${hostname}” has more bytes than letters`,
                  zh: `名字断在了“${process.hostname}”：内核数的是字节，而“${hostname}”的字节比字母多`,
                }
              : {
                  en: `the kernel says “${process.hostname}”: is that the name you were given?`,
                  zh: `内核说的是“${process.hostname}”：这是传给你的那个名字吗？`,
                },
      },
      {
        ok: outer.hostname !== hostname,
        what: { en: 'the host keeps its own name', zh: '宿主机的名字没有变' },
        hint: { en: 'the name reached the host', zh: '名字改到了宿主机上' },
      },
    ];
  },
  explain: ({ errno }) =>
    errno === 'EINVAL'
      ? {
          en: 'the kernel refuses a length below 0 or above 64: what did you hand it as the second argument?',
          zh: '长度小于 0 或大于 64 时内核会拒绝：第二个参数你给的是什么？',
        }
      : undefined,
  hints: [
    {
      en: 'man 2 sethostname: two arguments, a pointer and a length. No NUL is needed, because the length says where it ends.',
      zh: 'man 2 sethostname：两个参数，一个指针，一个长度。不需要 NUL，因为长度已经说明了在哪里结束。',
    },
    {
      en: '`str(hostname)` has `.bytes`; their length includes the NUL that `str` adds. `hostname.length` counts characters, which is something else.',
      zh: '`str(hostname)` 有 `.bytes`；它的长度包含 `str` 加上的 NUL。`hostname.length` 数的是字符，那是另一回事。',
    },
    {
      en: "`return [call('sethostname', [name, name.bytes.length - 1], { why: { en: '…', zh: '…' } })];`, where `name` is `str(hostname)`.",
      zh: "`return [call('sethostname', [name, name.bytes.length - 1], { why: { en: '…', zh: '…' } })];`，其中 `name` 是 `str(hostname)`。",
    },
  ],
  wrong: [
    { name: 'no step at all', code: '  return [];', hint: /returned no step/ },
    {
      name: 'counts characters',
      code: "  return [call('sethostname', [str(hostname), hostname.length], { why: { en: 'the name', zh: '名字' } })];",
      hint: /more bytes than letters/,
    },
    {
      name: 'a name of its own',
      code: "  return [call('sethostname', [str('container'), 9], { why: { en: 'the name', zh: '名字' } })];",
      hint: /is that the name you were given/,
    },
    {
      name: 'another call',
      code: "  return [call('setdomainname', [str(hostname), hostname.length], { why: { en: 'the name', zh: '名字' } })];",
      hint: /setdomainname/,
    },
  ],
};
