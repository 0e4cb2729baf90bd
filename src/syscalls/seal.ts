import { call, close, open, store } from './calls.ts';
import { bytes, room, str, strings } from './data.ts';
import { type Program, program, slot } from './step.ts';
import type { Text } from './text/language.ts';
import { AT, F, F_SEAL, MFD, O } from './uapi/flags.ts';

const groupWhy = {
  en: 'the shim continues as a copy that not even root in a container can change (CVE-2019-5736)',
  zh: 'shim 换成一份副本继续运行，连容器里的 root 也改不了它（CVE-2019-5736）',
};
const about = (why: Text) => ({ why, lesson: 'supervisor' as const, group: 'seal', groupWhy });

/**
 * The first program of every shim: copies itself into memory that nobody can write, and executes the copy. A container
 * that opens `/proc/self/exe` of a process on its way in (an entrypoint `#!/proc/self/exe`) then holds a sealed file
 * and not the engine on the host's disk (CVE-2019-5736). memfd_create(2) needs Linux 3.17 and execveat(2) 3.19;
 * before that the copy is an unlinked file in `directory`.
 *
 * @param label shown as the second argument in `ps`: the short id of what this shim serves
 */
export function sealProgram(image: Uint8Array, label: string, memfd: boolean, directory: string): Program {
  const argv = strings(label ? ['minidock-shim', label] : ['minidock-shim']);
  const envp = strings([]);
  const copy = slot('copy');
  const self = bytes(image, `<the shim, ${image.length} bytes>`);
  const write = call(
    'write',
    [copy, self, image.length],
    about({ en: 'the shim writes its own binary into the copy', zh: 'shim 把自己的二进制内容写进副本' }),
  );
  if (memfd)
    return program({
      host: [
        call('memfd_create', [str('minidock-shim'), MFD.MFD_CLOEXEC | MFD.MFD_ALLOW_SEALING], {
          ...about({
            en: 'an anonymous file in memory will hold a private copy of the shim',
            zh: '内存中的匿名文件，用来存放 shim 的私有副本',
          }),
          save: copy,
        }),
        write,
        call(
          'fcntl',
          [copy, F.F_ADD_SEALS, F_SEAL.F_SEAL_SEAL | F_SEAL.F_SEAL_SHRINK | F_SEAL.F_SEAL_GROW | F_SEAL.F_SEAL_WRITE],
          about({
            en: 'the seals forbid every later change of the copy, by root in a container too',
            zh: '加上封印，此后谁也不能修改副本，容器里的 root 也不行',
          }),
        ),
        call(
          'execveat',
          [copy, str(''), argv, envp, AT.AT_EMPTY_PATH],
          about({
            en: 'the shim executes the sealed copy and continues as it',
            zh: 'shim 执行封好的副本，由它继续运行',
          }),
        ),
      ],
    });
  const path = str(`${directory}/.shim-${process.pid}-${Date.now().toString(36)}`);
  const read = slot('sealed');
  const magicLink = room(32, '"/proc/self/fd/<sealed>"');
  magicLink.bytes.set(new TextEncoder().encode('/proc/self/fd/'));
  return program({
    host: [
      open(
        path,
        O.O_CREAT | O.O_EXCL | O.O_WRONLY,
        {
          ...about({
            en: 'a new file will hold a private copy of the shim',
            zh: '新建一个文件，用来存放 shim 的私有副本',
          }),
          save: copy,
        },
        0o700,
      ),
      write,
      close(
        copy,
        about({
          en: 'execve answers ETXTBSY while its file is open for writing',
          zh: '文件仍以可写方式打开时，execve 会返回 ETXTBSY',
        }),
      ),
      open(path, O.O_RDONLY, {
        ...about({
          en: 'a read-only descriptor keeps the copy when its name is gone',
          zh: '用只读描述符留住副本，删掉名字后它仍然存在',
        }),
        save: read,
      }),
      call(
        'unlinkat',
        [AT.AT_FDCWD, path, 0],
        about({
          en: 'without a name, nobody can open the copy for writing',
          zh: '没有了名字，谁也无法再以可写方式打开副本',
        }),
      ),
      store(
        read,
        magicLink,
        14,
        'decimal',
        about({
          en: 'write the descriptor number into /proc/self/fd/…, the only path to the copy',
          zh: '把描述符编号写进 /proc/self/fd/…，这是通向副本的唯一路径',
        }),
      ),
      call(
        'execve',
        [magicLink, argv, envp],
        about({
          en: 'the shim executes the unlinked copy and continues as it',
          zh: '执行已删除名字的副本，由它继续运行',
        }),
      ),
    ],
  });
}
