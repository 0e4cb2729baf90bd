import { type ErrorCode, MinidockError } from '../../errors.ts';
import type { Process } from '../../oci/runtime-spec.ts';
import { pathData } from '../../storage/bytes.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { call, expect, sync } from '../../syscalls/calls.ts';
import { room, str, strings } from '../../syscalls/data.ts';
import type { StepError } from '../../syscalls/failure.ts';
import type { Step } from '../../syscalls/step.ts';
import { AT, PR } from '../../syscalls/uapi/flags.ts';

const lesson = 'process' as const;
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const inDirectory = {
  lesson,
  group: 'working directory',
  groupWhy: 'where the command starts: below the new root, and not on the host',
};

/**
 * Child section: the working directory, made where the image lacks it, as Docker does. `path` is free of the image's links
 * (src/storage/merged-view.ts): of one that leads nowhere the directory is made where it leads, which mkdir(2) would not do.
 */
export function makeWorkingDirectory(path: ByteString): Step[] {
  const parts = path.split('/').filter(Boolean);
  return parts.map((_, i) =>
    call('mkdirat', [AT.AT_FDCWD, pathData(`/${parts.slice(0, i + 1).join('/')}`), 0o755], {
      why: 'the working directory, where the image has none',
      lesson,
      group: 'make the working directory',
      tolerate: ['EEXIST'],
    }),
  );
}

/**
 * Child section: into the working directory while this is still root, since Docker's containers may start in one that is
 * closed to their user. Then `getcwd`, whose answer begins with "(unreachable)" where the directory is not below the new root: a
 * descriptor of the host that leaked (CVE-2024-21626).
 */
export function enterWorkingDirectory(cwd: string): Step[] {
  const answer = room(4096, '<path of the working directory>');
  return [
    call('chdir', [str(cwd)], { ...inDirectory, why: 'where the command starts' }),
    call('getcwd', [answer, 4096], { ...inDirectory, why: 'where is that really?' }),
    expect(answer, 0, new TextEncoder().encode('/'), { ...inDirectory, why: 'below the root, and not on the host' }),
  ];
}

const obstacles: Record<string, string> = {
  ENOTDIR: 'not a directory',
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
  EROFS: 'read-only file system',
  unexpected: 'it is outside of the container',
};

const codes: Record<string, ErrorCode> = { ENOENT: 'workdir-not-found', EACCES: 'workdir-denied' };

/** The user's error where one of the steps above failed; undefined for other steps. */
export function workingDirectoryError(
  cwd: string,
  { step, errno }: Pick<StepError, 'step' | 'errno'>,
): MinidockError | undefined {
  if (!step.group?.endsWith('working directory')) return undefined;
  const making = step.op === 'syscall' && step.name === 'mkdirat';
  return new MinidockError(
    codes[errno] ?? 'bad-workdir',
    `cannot ${making ? 'make' : 'enter'} the working directory ${JSON.stringify(cwd)}: ${obstacles[errno] ?? errno}`,
    { fix: 'name another directory with -w' },
  );
}

/** Child section, last: everything is made; the supervisor writes down the pid before the command runs. */
export function readyToRun(): Step[] {
  return [sync({ why: 'all is made: wait until the container is written down as running', lesson })];
}

/** Child section: files that the process makes are writable for its owner only. */
export function fileMask(): Step {
  return call('umask', [0o022], { why: 'what the command makes is not writable for others', lesson });
}

/** Child section: no set-uid binary gives more rights than the process has. */
export function noNewPrivileges(): Step[] {
  return [
    call('prctl', [PR.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], {
      why: 'no execve adds rights',
      lesson: 'capabilities-and-seccomp',
    }),
  ];
}

/** Exec section: the command, tried in each directory of the process's own PATH in turn (execvp(3), without a shell). */
export function execute(process: Pick<Process, 'args' | 'env'>): Step[] {
  const [command = ''] = process.args;
  const argv = strings(process.args);
  const envp = strings(process.env, `<${process.env.length} variables>`);
  return candidates(command, process.env).map(file =>
    call('execve', [str(file), argv, envp], {
      why: 'the container becomes its command',
      lesson,
      group: 'PATH',
      groupWhy: 'the container becomes its command: it is tried in each directory of PATH until one has it',
    }),
  );
}

function candidates(command: string, env: readonly string[]): string[] {
  if (command.includes('/')) return [command];
  const path = env.findLast(one => one.startsWith('PATH='))?.slice(5) ?? defaultPath;
  return path.split(':').map(directory => (directory === '' ? `./${command}` : `${directory}/${command}`));
}
