import { call, expect, sync } from '../syscalls/calls.ts';
import { room, str, strings } from '../syscalls/data.ts';
import { PR } from '../syscalls/flags.ts';
import type { Step } from '../syscalls/step.ts';
import type { Process } from './oci.ts';

const lesson = '01-process';
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Child section: the working directory, made where the image lacks it, as Docker does. */
export function makeWorkingDirectory(cwd: string): Step[] {
  const parts = cwd.split('/').filter(Boolean);
  return parts.map((_, i) =>
    call('mkdirat', [-100, str(`/${parts.slice(0, i + 1).join('/')}`), 0o755], {
      why: 'the working directory, where the image has none',
      lesson,
      group: 'working directory',
      tolerate: ['EEXIST'],
    }),
  );
}

/**
 * Child section: into the working directory, as the user that the process will be: a directory that is closed to it is an
 * error here. Then `getcwd`, whose answer begins with "(unreachable)" where the directory is not below the new root: a descriptor
 * of the host that leaked (CVE-2024-21626).
 */
export function enterWorkingDirectory(cwd: string): Step[] {
  const about = {
    lesson,
    group: 'working directory',
    groupWhy: 'where the command starts: below the new root, and not on the host',
  };
  const answer = room(4096, '<path of the working directory>');
  return [
    call('chdir', [str(cwd)], { ...about, why: 'where the command starts' }),
    call('getcwd', [answer, 4096], { ...about, why: 'where is that really?' }),
    expect(answer, 0, new TextEncoder().encode('/'), { ...about, why: 'below the root, and not on the host' }),
  ];
}

/** Child section, last: everything is made; the supervisor writes down the pid before the command runs. */
export function readyToRun(): Step[] {
  return [sync({ why: 'all is made: wait until the container is written down as running', lesson })];
}

/** Child section: no set-uid binary gives more rights than the process has. */
export function noNewPrivileges(): Step[] {
  return [
    call('prctl', [PR.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], { why: 'no execve adds rights', lesson: '10-capabilities' }),
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
