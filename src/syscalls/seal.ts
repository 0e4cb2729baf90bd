import { call, close, open, store } from './calls.ts';
import { bytes, room, str, strings } from './data.ts';
import { type Program, program, slot } from './step.ts';
import { AT, F, F_SEAL, MFD, O } from './uapi/flags.ts';

const groupWhy = 'the shim goes on as a copy that nobody can write to, root in a container included (CVE-2019-5736)';
const about = (why: string) => ({ why, lesson: 'pivot-root' as const, group: 'seal', groupWhy });

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
  const write = call('write', [copy, self, image.length], about('fill the copy with the shim itself'));
  if (memfd)
    return program({
      host: [
        call('memfd_create', [str('minidock-shim'), MFD.MFD_CLOEXEC | MFD.MFD_ALLOW_SEALING], {
          ...about('a file in memory for a private copy of the shim'),
          save: copy,
        }),
        write,
        call(
          'fcntl',
          [copy, F.F_ADD_SEALS, F_SEAL.F_SEAL_SEAL | F_SEAL.F_SEAL_SHRINK | F_SEAL.F_SEAL_GROW | F_SEAL.F_SEAL_WRITE],
          about('nobody can write to it from here on, root in the container included'),
        ),
        call('execveat', [copy, str(''), argv, envp, AT.AT_EMPTY_PATH], about('go on as the sealed copy')),
      ],
    });
  const path = str(`${directory}/.shim-${process.pid}-${Date.now().toString(36)}`);
  const read = slot('sealed');
  const magicLink = room(32, '"/proc/self/fd/<sealed>"');
  magicLink.bytes.set(new TextEncoder().encode('/proc/self/fd/'));
  return program({
    host: [
      open(path, O.O_CREAT | O.O_EXCL | O.O_WRONLY, { ...about('a private copy of the shim'), save: copy }, 0o700),
      write,
      close(copy, about('an open writer would make execve say ETXTBSY')),
      open(path, O.O_RDONLY, { ...about('hold the copy'), save: read }),
      call('unlinkat', [AT.AT_FDCWD, path, 0], about('no name leads to it any more')),
      store(read, magicLink, 14, 'decimal', about('the path of a file without a name')),
      call('execve', [magicLink, argv, envp], about('go on as the unlinked copy')),
    ],
  });
}
