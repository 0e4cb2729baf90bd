import fs from 'node:fs';
import path from 'node:path';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { sync } from '../../src/syscalls/calls.ts';
import { program, slot } from '../../src/syscalls/step.ts';
import type { Exercise } from '../../src/workshop/exercise/types.ts';

interface Values {
  /** The command's name, the directory of PATH that has it, a later one that has another of that name. */
  readonly command: string;
  readonly right: string;
  readonly decoy: string;
  /** A variable of the process, and a third argument. */
  readonly secret: string;
  readonly argument: string;
}

/** A command that says which file it is and then does what its arguments say. */
const script = '#!/bin/sh\necho "file: $0"\nexec /bin/sh "$@"\n';

function place(file: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, script, { mode: 0o755 });
}

export const exercise: Exercise<Values> = {
  lesson: 'process',
  task: {
    en: 'Write `execute({ args, env })`: the steps by which the copy that `clone` made becomes another program. `execve` wants the path of a file, and a learner types only `ls`: who finds the file is you, in the PATH that the process has.',
    zh: '写出 `execute({ args, env })`：`clone` 造出的副本靠这些步骤变成另一个程序。`execve` 要的是文件的路径，而人们只输入 `ls`：到进程自己的 PATH 里去找文件，这件事由你来做。',
  },
  pieces: ['execute'],
  syscalls: ['execve'],
  values: random => ({
    command: random.word(),
    right: random.word(),
    decoy: random.word(),
    secret: random.word(),
    argument: random.word(),
  }),
  prepare(scratch, { command, right, decoy }) {
    for (const directory of [right, decoy]) place(path.join(scratch, directory, command));
    // What somebody executes who looks in PATH for a command that is a path.
    place(path.join(scratch, right, 'sub', command));
  },
  program(mine, { scratch, command: shell }, { command, right, decoy, secret, argument }) {
    const child = slot('child');
    const env = [`SECRET=${secret}`, `PATH=/no/such:${scratch}/${right}:${scratch}/${decoy}:/bin`, `LESSON=${scratch}`];
    const [, ...args] = shell.argv;
    return program({
      host: [pieces.cloneProcess([], child)],
      child: [sync({ why: { en: 'wait until the launcher says go', zh: '等启动者说“继续”' } })],
      exec: [
        ...mine.execute({ args: [`sub/${command}`, ...args, argument], env }),
        ...mine.execute({ args: [command, ...args, argument], env }),
      ],
      supervise: { child, status: slot('status') },
    });
  },
  inside: 'echo "argument: $0"\necho "secret: $SECRET"',
  grade({ said, steps }, { command, right, decoy, secret, argument }) {
    const file = `/tmp/lesson/${right}/${command}`;
    const found = said('file');
    return [
      {
        ok: found === file,
        what: { en: `the process became ${file}`, zh: `进程变成了 ${file}` },
        hint: found.includes('/sub/')
          ? {
              en: `it became ${found}: “sub/${command}” has a slash and is a path already, relative to the working directory; PATH is not for it`,
              zh: `它变成了 ${found}：“sub/${command}”带斜杠，本身就是路径，从工作目录算起；不该到 PATH 里去找`,
            }
          : found.includes(`/${decoy}/`)
            ? {
                en: `it became ${found}, and the directory before it in PATH has one too: the order counts`,
                zh: `它变成了 ${found}，而 PATH 里前一个目录也有这个命令：顺序是有意义的`,
              }
            : {
                en: `it became ${found || 'something else'} after ${steps.length} steps`,
                zh: `经过 ${steps.length} 个步骤，它变成了 ${found || '别的程序'}`,
              },
      },
      {
        ok: said('argument') === argument,
        what: { en: 'its arguments are those it was given', zh: '参数就是传给它的那些' },
        hint: {
          en: 'the last argument did not arrive: argv is the whole of `args`, the name of the command first',
          zh: '最后一个参数没有传到：argv 是整个 `args`，命令名在最前面',
        },
      },
      {
        ok: said('secret') === secret,
        what: { en: 'its environment is its own', zh: '环境变量是它自己的' },
        hint: {
          en: 'SECRET is not in its environment: the third argument of execve is the whole environment, nothing is inherited',
          zh: '环境里没有 SECRET：execve 的第三个参数就是全部环境，什么都不会继承',
        },
      },
    ];
  },
  hints: [
    {
      en: 'man 2 execve: a path, a list of arguments, a list of variables. The kernel does not know PATH; in a shell, the shell looks.',
      zh: 'man 2 execve：一个路径，一列参数，一列变量。内核不认识 PATH；在 shell 里，找文件的是 shell。',
    },
    {
      en: 'A step that fails is no end here: in this section the next is tried. So return one execve for each directory, and no check whether the file exists.',
      zh: '这里的步骤失败了并不是终点：在这一段里会接着试下一步。所以每个目录返回一个 execve，不必检查文件是否存在。',
    },
    {
      en: "`env.find(one => one.startsWith('PATH='))`, cut off the first five characters, `split(':')`, and `map` each directory to a call of execve. Before that: `args[0].includes('/')`.",
      zh: "`env.find(one => one.startsWith('PATH='))`，去掉前五个字符，`split(':')`，再用 `map` 把每个目录变成一次 execve。在此之前：`args[0].includes('/')`。",
    },
  ],
  wrong: [
    {
      name: 'no PATH',
      code: "  return [call('execve', [str(args[0]!), strings(args), strings(env)], { why: { en: '', zh: '' } })];",
      hint: /not found in \$PATH|no such file/,
    },
    {
      name: 'looks for paths in PATH as well',
      code: `  return env
    .find(one => one.startsWith('PATH='))!
    .slice(5)
    .split(':')
    .map(directory => call('execve', [str(directory + '/' + args[0]), strings(args), strings(env)], { why: { en: '', zh: '' } }));`,
      hint: /has a slash and is a path already/,
    },
    {
      name: 'an empty environment',
      code: `  const path = env.find(one => one.startsWith('PATH='))!.slice(5);
  const files = args[0]!.includes('/') ? [args[0]!] : path.split(':').map(directory => directory + '/' + args[0]);
  return files.map(file => call('execve', [str(file), strings(args), strings([])], { why: { en: '', zh: '' } }));`,
      hint: /nothing is inherited/,
    },
    {
      name: 'a string in place of a list',
      code: "  return [call('execve', [str('/bin/sh'), str(args.join(' ')), strings(env)], { why: { en: '', zh: '' } })];",
      hint: /no list of strings/,
    },
  ],
};
