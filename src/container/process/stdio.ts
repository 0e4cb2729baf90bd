import { call, close, open } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { type Step, type Supervise, slot, word } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { O } from '../../syscalls/uapi/flags.ts';

const lesson = 'supervisor' as const;

/** The input and output of a process: the steps of each side, and what the supervisor serves. */
export interface Stdio {
  /** Before clone. */
  host: Step[];
  /** In the parent after clone: the child's ends must be closed, or end of file never comes. */
  parent: Step[];
  /** In the child, once /dev is there. */
  child: Step[];
  supervise: Pick<Supervise, 'stdin' | 'stdout' | 'stderr' | 'console'>;
}

/**
 * Three pipes; the input is /dev/null unless it is to stay open. The pipes belong to the process's user, who can then open
 * /dev/stdout again.
 */
export function pipes(options: { interactive: boolean; user: { uid: number; gid: number } }): Stdio {
  const group = 'stdio';
  const pipe = (name: string) => {
    const pair = room(8, `<pipe of ${name}>`);
    return { name, pair, read: word(`${name}.read`, pair, 0), write: word(`${name}.write`, pair, 4) };
  };
  const stdin = pipe('stdin');
  const outputs = [pipe('stdout'), pipe('stderr')];
  const all = options.interactive ? [stdin, ...outputs] : outputs;
  const nullFd = slot('null input');
  const about = (why: Text, groupWhy?: Text) => ({ why, lesson, group, ...(groupWhy && { groupWhy }) });
  const carried = options.interactive
    ? {
        en: 'pipes carry input and outputs between the process and its supervisor',
        zh: '用管道在进程与监管进程之间传送输入和输出',
      }
    : { en: 'pipes carry the outputs of the process to its supervisor', zh: '用管道把进程的输出送到监管进程' };
  const own = options.interactive
    ? { en: 'the pipes become input and outputs of the process', zh: '让管道成为进程的输入和输出' }
    : {
        en: 'input is /dev/null, which reads as end of file at once; the pipes become the outputs',
        zh: '输入是 /dev/null，一读就到结尾；管道成为进程的输出',
      };
  return {
    host: all.map(({ pair, name }) =>
      call(
        'pipe2',
        [pair, O.O_CLOEXEC],
        about(
          {
            en: `create the pipe for ${name}, between the process and its supervisor`,
            zh: `创建 ${name} 的管道，连接进程与监管进程`,
          },
          carried,
        ),
      ),
    ),
    parent: [
      ...(options.interactive
        ? [
            close(
              stdin.read,
              about({
                en: 'the supervisor closes the reading end of stdin, which belongs to the process',
                zh: '监管进程关闭 stdin 的读端，它属于容器进程',
              }),
            ),
          ]
        : []),
      ...outputs.map(one =>
        close(
          one.write,
          about(
            {
              en: `the supervisor closes the writing end of ${one.name}, or end of file would never come`,
              zh: `监管进程关闭 ${one.name} 的写端，否则永远读不到文件结尾`,
            },
            {
              en: 'the supervisor closes the ends of the process, or end of file would never come',
              zh: '监管进程关闭属于容器进程的各端，否则永远读不到文件结尾',
            },
          ),
        ),
      ),
    ],
    child: [
      ...(options.interactive
        ? [
            call(
              'dup3',
              [stdin.read, 0, 0],
              about(
                { en: 'the pipe becomes descriptor 0, standard input', zh: '管道成为 0 号描述符，即标准输入' },
                own,
              ),
            ),
          ]
        : [
            open('/dev/null', O.O_RDWR, {
              ...about(
                {
                  en: 'open /dev/null as input: reading it gives end of file at once',
                  zh: '打开 /dev/null 作为输入：一读就到结尾',
                },
                own,
              ),
              save: nullFd,
            }),
            call(
              'dup3',
              [nullFd, 0, 0],
              about({
                en: '/dev/null becomes descriptor 0, standard input',
                zh: '/dev/null 成为 0 号描述符，即标准输入',
              }),
            ),
          ]),
      ...outputs.map((one, i) =>
        call(
          'dup3',
          [one.write, i + 1, 0],
          about({
            en: `the pipe becomes descriptor ${i + 1}, ${one.name}`,
            zh: `管道成为 ${i + 1} 号描述符，即 ${one.name}`,
          }),
        ),
      ),
      ...(options.user.uid === 0
        ? []
        : [...(options.interactive ? [0] : []), 1, 2].map(fd =>
            call(
              'fchown',
              [fd, options.user.uid, options.user.gid],
              about({
                en: 'the user of the process owns the pipe, and so may open /dev/stdout anew',
                zh: '管道归进程的用户所有，这样才能重新打开 /dev/stdout',
              }),
            ),
          )),
    ],
    supervise: {
      ...(options.interactive && { stdin: stdin.write }),
      stdout: outputs[0]!.read,
      stderr: outputs[1]!.read,
    },
  };
}
