import { call, store } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { pathData } from '../path-data.ts';
import type { ByteString } from '../tar/header.ts';
import { askSteps } from './ask.ts';

/** An extended attribute of a file or directory. */
export interface Attribute {
  path: ByteString;
  name: ByteString;
  value: Buffer;
}

/** What a list of names and a value take at most (xattr(7), XATTR_LIST_MAX and XATTR_SIZE_MAX). */
const largest = 65536;
/** So many questions to a program: it is sent whole. */
const batch = 1000;

/**
 * Attributes that may be handed on. Not `trusted.*`: overlayfs's own redirect and metacopy would point into other layers. Not
 * labels of security modules, which belong to the host's policy.
 */
export function isWelcome(name: ByteString): boolean {
  return name === 'security.capability' || name.startsWith('user.') || name.startsWith('system.posix_acl_');
}

/**
 * The attributes of these files that are wanted, without following links; none where the file system has no attributes.
 *
 * @param wanted those that may be handed on if not said otherwise  @param enter steps that go before: a root of one's own, say
 */
export async function readAttributes(
  paths: readonly ByteString[],
  { wanted = isWelcome, enter = [] }: { wanted?: (name: ByteString) => boolean; enter?: readonly Step[] } = {},
): Promise<Attribute[]> {
  const lists = await ask(enter, paths, path => ['llistxattr', [pathData(path)]]);
  const named = paths.flatMap((path, i) =>
    (lists[i] ?? Buffer.alloc(0))
      .toString('latin1')
      .split('\0')
      .filter(wanted)
      .map(name => ({ path, name })),
  );
  const values = await ask(enter, named, ({ path, name }) => ['lgetxattr', [pathData(path), pathData(name)]]);
  return named.flatMap((one, i) => (values[i] === undefined ? [] : [{ ...one, value: values[i] }]));
}

/** The file has no such attribute, has vanished by now, or lies deeper than a path may be long. */
const unanswered = ['ENOTSUP', 'ENODATA', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'] as const;

type Question = readonly ['llistxattr' | 'lgetxattr', readonly ReturnType<typeof pathData>[]];

/** The kernel's answer to each question; undefined where there is none. */
async function ask<T>(
  enter: readonly Step[],
  things: readonly T[],
  question: (thing: T) => Question,
): Promise<(Buffer | undefined)[]> {
  const answers: (Buffer | undefined)[] = [];
  for (let at = 0; at < things.length; at += batch) {
    const answer = room(largest, '<attributes>');
    const length = room(8, '<length>');
    const steps = things.slice(at, at + batch).flatMap(thing => questionSteps(question(thing), answer, length));
    const output = await askSteps([...enter, ...steps]);
    for (let offset = 0; offset < output.length; ) {
      const size = output.readInt32LE(offset);
      offset += 4;
      answers.push(size < 0 ? undefined : output.subarray(offset, offset + size));
      offset += Math.max(size, 0);
    }
  }
  return answers;
}

/**
 * Length and answer go to the pipe. If the kernel refused, the length is a negative errno; as a size it exceeds all
 * memory, so that write answers EFAULT.
 */
function questionSteps([name, args]: Question, answer: ReturnType<typeof room>, length: typeof answer): Step[] {
  const result = slot('length');
  const about = (why: Text) => ({ why, group: 'extended attributes' });
  return [
    call(name, [...args, answer, largest], {
      ...about({
        en: 'ask for attributes of the file, which copying its content does not copy',
        zh: '查询文件的属性，只复制内容不会带上它们',
      }),
      tolerate: [...unanswered],
      save: result,
    }),
    store(
      result,
      length,
      0,
      'u32',
      about({
        en: 'note the length of the answer, or the error of the kernel',
        zh: '记下结果的长度，或内核返回的错误',
      }),
    ),
    call(
      'write',
      [1, length, 4],
      about({ en: 'send the length of the answer to the engine', zh: '把结果的长度送给引擎' }),
    ),
    call('write', [1, answer, result], {
      ...about({
        en: 'send the answer to the engine; after an error there is none',
        zh: '把结果送给引擎；出错时没有结果',
      }),
      tolerate: ['EFAULT', 'EINVAL'],
    }),
  ];
}
