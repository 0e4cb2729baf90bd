import { type ErrorCode, MinidockError } from '../../errors.ts';
import { defaultPath } from '../../oci/default-path.ts';
import type { Process } from '../../oci/runtime-spec.ts';
import { pathData } from '../../storage/path-data.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { call, expect, sync, writeFile } from '../../syscalls/calls.ts';
import { room, str, strings } from '../../syscalls/data.ts';
import type { StepError } from '../../syscalls/failure.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import { AT, PR } from '../../syscalls/uapi/flags.ts';

const lesson = 'process' as const;

const inDirectory = {
  lesson,
  group: 'working directory',
  groupWhy: {
    en: 'the command starts in this directory, which must lie below the new root',
    zh: '命令从这个目录开始运行，它必须位于新的根之下',
  },
};

/**
 * Child section: the working directory, made where the image lacks it, as Docker does. `path` is free of the image's links
 * (src/storage/merged-view.ts): of one that leads nowhere the directory is made where it leads, which mkdir(2) would not do.
 */
export function makeWorkingDirectory(path: ByteString): Step[] {
  const parts = path.split('/').filter(Boolean);
  return parts.map((_, i) =>
    call('mkdirat', [AT.AT_FDCWD, pathData(`/${parts.slice(0, i + 1).join('/')}`), 0o755], {
      why: { en: 'create the working directory, in case the image has none', zh: '创建工作目录，以防镜像里没有' },
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
    call('chdir', [str(cwd)], {
      ...inDirectory,
      why: { en: 'enter the directory in which the command starts', zh: '进入命令开始运行的目录' },
    }),
    call('getcwd', [answer, 4096], {
      ...inDirectory,
      why: { en: 'ask where this directory really is', zh: '查询这个目录实际在哪里' },
    }),
    expect(answer, 0, new TextEncoder().encode('/'), {
      ...inDirectory,
      why: {
        en: 'the path must begin with "/": outside of the root it would not (CVE-2024-21626)',
        zh: '路径必须以 / 开头：位于根之外的目录不会这样（CVE-2024-21626）',
      },
    }),
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

/** Child section, last: waits. Everything is made; the engine records the pid before the command runs. */
export function readyToRun(): Step[] {
  return [
    sync({
      why: {
        en: 'all is ready: wait until the engine has recorded the container as running',
        zh: '一切就绪：等待引擎记下容器正在运行',
      },
      lesson,
    }),
  ];
}

/** Child section: files that the process makes are writable for its owner only. */
export function fileMask(): Step {
  return call('umask', [0o022], {
    why: { en: 'files that the command creates are writable for their owner only', zh: '命令创建的文件只有所有者可写' },
    lesson,
  });
}

/**
 * Child section, while the host's /proc is mounted: sets how likely the kernel is to kill this process when memory runs out.
 */
export function oomScore(adjustment: number): Step[] {
  return writeFile('/proc/self/oom_score_adj', String(adjustment), slot('oom_score_adj'), {
    why: {
      en: 'set how readily the kernel ends this process when memory runs short, from -1000 to 1000',
      zh: '设置内存不足时内核有多倾向于结束这个进程，从 -1000 到 1000',
    },
    lesson: 'cgroups',
    group: 'OOM score',
  });
}

/** Child section: no set-uid binary gives more rights than the process has. */
export function noNewPrivileges(): Step[] {
  return [
    call('prctl', [PR.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], {
      why: { en: 'no execve can add rights from here on', zh: '从这里起，execve 不能再增加权能' },
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
      why: { en: 'execute the command of the container in this process', zh: '在这个进程里执行容器的命令' },
      lesson,
      group: 'PATH',
      groupWhy: {
        en: 'execute the command: each directory of PATH is tried until one has it',
        zh: '执行命令：在 PATH 的各个目录里逐一尝试，直到找到为止',
      },
    }),
  );
}

function candidates(command: string, env: readonly string[]): string[] {
  if (command.includes('/')) return [command];
  const path = env.findLast(one => one.startsWith('PATH='))?.slice(5) ?? defaultPath;
  return path.split(':').map(directory => (directory === '' ? `./${command}` : `${directory}/${command}`));
}
