import chalk from 'chalk';
import { MinidockError } from '../../errors.ts';
import { call, sync, writeFile } from '../../syscalls/calls.ts';
import { str, strings } from '../../syscalls/data.ts';
import { launch } from '../../syscalls/shim.ts';
import { type Program, program, slot } from '../../syscalls/step.ts';
import { CLONE, signals } from '../../syscalls/uapi/flags.ts';
import { Narrator } from '../play/narrator.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { words } from '../text/words.ts';
import { ROOTLESS } from './as-root.ts';
import { closedBy } from './locks.ts';

/**
 * Runs this very command once more in a user namespace, where the learner is user 0 and has all rights over what the
 * namespace owns. Resolves with its exit status. @throws {MinidockError} where the machine does not allow it
 */
export async function runRootless(terminal: Terminal, language: Language): Promise<number> {
  terminal.heading(words.rootless[language]);
  terminal.paragraph(words.rootlessWhy[language]);
  terminal.line();
  const narrator = new Narrator(terminal, language);
  const again = inUserNamespace();
  const shim = launch(again, {
    label: 'lesson',
    stdio: ['inherit', 'inherit', 'inherit'],
    onStep: event => {
      const ours = [...again.host, ...again.child].includes(event.step);
      if (ours && event.step.op !== 'sync') narrator.done(event);
    },
  });
  // The terminal's signals reach the lesson itself, which cleans up; one that is sent to this process alone is handed on.
  const handOn = (signal: NodeJS.Signals) => shim.client.signal(signals[signal as keyof typeof signals]);
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const)
    process.on(signal, signal === 'SIGINT' ? () => {} : handOn);
  try {
    await shim.ready;
    terminal.line();
    terminal.flush();
    shim.go();
    await shim.executed;
    return await shim.exited;
  } catch (error) {
    throw refusal(error, language);
  } finally {
    await shim.ended;
  }
}

/** unshare(1) --user --map-root-user, as steps, and then Node with the same arguments. */
function inUserNamespace(): Program {
  const child = slot('child');
  const fd = slot('fd');
  const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const env = Object.entries({ ...process.env, [ROOTLESS]: '1' }).map(([name, value]) => `${name}=${value}`);
  return program({
    host: [
      call('clone', [signals.SIGCHLD, 0, 0, 0, 0], {
        why: { en: 'create the process that will run the lesson', zh: '创建将要运行本课的进程' },
        save: child,
        forks: true,
      }),
    ],
    child: [
      call('unshare', [CLONE.CLONE_NEWUSER], {
        why: {
          en: 'enter a new user namespace, with all rights over it; no user has a number in it yet',
          zh: '进入新的用户命名空间，在其中拥有全部权能；不过里面的用户还都没有编号',
        },
      }),
      ...writeFile('/proc/self/setgroups', 'deny', fd, {
        why: {
          en: 'give up setgroups: the kernel asks for that before an ordinary user may map a group',
          zh: '放弃 setgroups：普通用户要映射组，内核要求先做这一步',
        },
      }),
      ...writeFile('/proc/self/uid_map', `0 ${process.getuid!()} 1`, fd, {
        why: { en: 'user 0 in here is you out there', zh: '里面的 0 号用户，就是外面的你' },
      }),
      ...writeFile('/proc/self/gid_map', `0 ${process.getgid!()} 1`, fd, {
        why: { en: 'the same for your group', zh: '组也一样' },
      }),
      call('chdir', [str(process.cwd())], {
        why: { en: 'go back to where you called this', zh: '回到你运行命令时所在的目录' },
      }),
      sync({ why: { en: 'wait until the launcher says go', zh: '等启动者说“继续”' } }),
    ],
    exec: [
      call('execve', [str(process.execPath), strings(argv), strings(env, `[${env.length} variables]`)], {
        why: {
          en: 'run the lesson once more, as root of this namespace',
          zh: '以这个命名空间的 root 身份重新运行本课',
        },
      }),
    ],
    supervise: { child, status: slot('status') },
  });
}

function refusal(error: unknown, language: Language): unknown {
  if (!(error instanceof MinidockError)) return error;
  const setting = closedBy();
  return new MinidockError('lesson-cannot-run', `${words.noUserNamespace[language]} ${error.message}`, {
    fix: `${words.useSudo[language]}${setting ? `${words.orAllow[language]} sysctl ${setting}` : ''}`,
    cause: error,
  });
}

/** Says why a part of a lesson is left out here. */
export function skipPart(title: string, why: string, terminal: Terminal, language: Language): void {
  terminal.heading(title);
  terminal.paragraph(`${words.skippedHere[language]}${why}`, line => chalk.yellow(line));
}
