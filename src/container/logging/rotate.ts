import { call, close, open } from '../../syscalls/calls.ts';
import { str, strings } from '../../syscalls/data.ts';
import { type Arg, type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { AT, LOCK, O } from '../../syscalls/uapi/flags.ts';
import type { Rotation } from './config.ts';

export interface RotationSteps {
  reopen: Step[];
  archive: Step[];
}

/**
 * Rotates the log when it has reached its size, as steps of the supervisor: FILE becomes FILE.1, FILE.1 becomes FILE.2 and so
 * on, as Docker names them, and the descriptor `log` then refers to a new file. `archive` runs in a process of its own: FILE.1
 * becomes FILE.1.gz.
 */
export function rotateLog(file: string, log: Arg, rotation: Rotation & { packer: readonly string[] }): RotationSteps {
  const next = slot('next log');
  const { maxFiles, compress, packer } = rotation;
  const groupWhy = {
    en: 'the log has reached its size: it gets a number, and a new file takes its place',
    zh: '日志达到了大小上限：它得到一个编号，由一个新文件代替它',
  };
  const about = (why: Text) => ({ why, lesson: 'supervisor' as const, group: 'rotate the log', groupWhy });
  const endings = compress ? ['', '.gz'] : [''];
  const numbers = Array.from({ length: Math.max(0, maxFiles - 2) }, (_, i) => maxFiles - 2 - i);
  return {
    reopen: [
      ...(compress ? [waitForPacker(log, about)] : []),
      open(
        `${file}.new`,
        O.O_CREAT | O.O_WRONLY | O.O_APPEND | O.O_TRUNC,
        {
          ...about({
            en: 'open the next log first: where that fails, the log stays as it is',
            zh: '先打开下一个日志文件：如果失败，日志保持原样',
          }),
          save: next,
        },
        0o640,
      ),
      ...endings.map(ending =>
        call('unlinkat', [AT.AT_FDCWD, str(maxFiles > 1 ? `${file}.${maxFiles - 1}${ending}` : file), 0], {
          ...about({ en: 'remove the oldest log', zh: '删除最旧的日志' }),
          tolerate: ['ENOENT'],
        }),
      ),
      ...numbers.flatMap(number =>
        endings.map(ending =>
          rename(`${file}.${number}${ending}`, `${file}.${number + 1}${ending}`, {
            ...about({ en: 'give an older log the next number', zh: '把较旧的日志改成下一个编号' }),
            tolerate: ['ENOENT'],
          }),
        ),
      ),
      ...(maxFiles > 1
        ? [
            rename(file, `${file}.1`, {
              ...about({ en: 'the log becomes the first of the older ones', zh: '当前日志成为旧日志中的第一个' }),
              tolerate: ['ENOENT'],
            }),
          ]
        : []),
      rename(`${file}.new`, file, about({ en: 'the next log takes its name', zh: '下一个日志文件接替它的名字' })),
      call(
        'dup3',
        [next, log, O.O_CLOEXEC],
        about({ en: 'write to the next log from here on', zh: '从这里起写入新的日志文件' }),
      ),
      close(next, about({ en: 'close the second descriptor of it', zh: '关闭它的第二个描述符' })),
    ],
    archive: compress ? pack(file, packer) : [],
  };
}

const rename = (from: string, to: string, about: Parameters<typeof call>[2]) =>
  call('renameat', [AT.AT_FDCWD, str(from), AT.AT_FDCWD, str(to)], about);

/** A file that is being compressed keeps its number until that is done; the log grows meanwhile, and nothing is opened for a look. */
function waitForPacker(log: Arg, about: (why: Text) => Parameters<typeof call>[2]): Step {
  return call(
    'flock',
    [log, LOCK.LOCK_EX | LOCK.LOCK_NB],
    about({
      en: 'whoever compresses the log before this one holds this lock: then the log is rotated later',
      zh: '压缩上一个日志的进程持有这把锁：那样日志就晚些时候再轮转',
    }),
  );
}

/** In a process of its own, whose parent waits until it has executed its program: the lock is held from then on. */
function pack(file: string, packer: readonly string[]): Step[] {
  const first = `${file}.1`;
  const old = slot('log to compress');
  const log = slot('log after it');
  const groupWhy = {
    en: 'a process of its own compresses the log that was rotated; the supervisor goes on',
    zh: '由另一个进程压缩轮转出来的日志，监管进程继续工作',
  };
  const about = (why: Text) => ({ why, lesson: 'supervisor' as const, group: 'compress a log', groupWhy });
  return [
    // Without O_CLOEXEC: where it becomes descriptor 3 by itself, dup3 leaves it as it is.
    call('openat', [AT.AT_FDCWD, str(first), O.O_RDONLY, 0], {
      ...about({ en: 'open the log that was just rotated', zh: '打开刚刚轮转出来的日志' }),
      save: old,
    }),
    call('dup3', [old, 3, 0], {
      ...about({ en: 'the compressing program expects it as descriptor 3', zh: '压缩程序要求它在 3 号描述符上' }),
      tolerate: ['EINVAL'],
    }),
    call('openat', [AT.AT_FDCWD, str(file), O.O_RDONLY, 0], {
      ...about({ en: 'open the log that is written now', zh: '打开现在正在写的日志' }),
      save: log,
    }),
    call(
      'flock',
      [log, LOCK.LOCK_EX | LOCK.LOCK_NB],
      about({
        en: 'lock it, so that it is not rotated while the one before it is compressed',
        zh: '加锁：压缩上一个日志期间不轮转它',
      }),
    ),
    call(
      'execve',
      [str(packer[0]!), strings([...packer, first]), strings([])],
      about({ en: 'start the program that compresses it', zh: '启动压缩它的程序' }),
    ),
  ];
}
