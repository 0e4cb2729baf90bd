import { defaultDetachKeys } from '../../../api/detach/keys.ts';
import type { WindowSize } from '../../../engine/nouns/streams.ts';
import { MinidockError } from '../../../errors.ts';
import { CommandLineError, type FailureCodes } from '../../exit-codes.ts';
import { many, single, text, toggle } from '../../grammar/flags.ts';
import { explainFlagAsCommand } from '../../grammar/usage.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { readKeys } from '../../options/attach.ts';
import { collectEnvironment } from '../../options/environment.ts';
import { readVariable } from '../../options/variable.ts';
import { readWorkdir } from '../../options/workdir.ts';
import { requireTerminal, runInForeground, terminalSize } from '../../terminal/foreground.ts';

/** Docker's exec, unlike its run, has one code for whatever keeps the command from running. */
const notExecuted: FailureCodes = {
  'bad-workdir': 126,
  'command-not-executable': 126,
  'command-not-found': 126,
  'child-died': 126,
  'id-out-of-range': 126,
  'no-such-group': 126,
  'no-such-user': 126,
  'step-failed': 126,
  'workdir-denied': 126,
  'workdir-not-found': 126,
};

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  flags: {
    detach: toggle('Run in the background', { short: 'd' }),
    'detach-keys': single('string', readKeys, 'Keys that leave the command running (default ctrl-p,ctrl-q)'),
    env: many('list', readVariable, 'Set an environment variable: NAME=value, or NAME to hand on our own', {
      short: 'e',
      completes: 'variables',
    }),
    'env-file': many('list', (path: string) => path, 'Read environment variables from a file', { completes: 'files' }),
    interactive: toggle('Keep standard input open', { short: 'i' }),
    privileged: toggle('Give it all capabilities that this host has'),
    tty: toggle('Give it a terminal', { short: 't' }),
    user: text('User to run as: NAME or UID, and optionally :GROUP or :GID', { short: 'u' }),
    workdir: single('string', readWorkdir, 'Working directory inside', { short: 'w' }),
  },
  operands: [2, Number.POSITIVE_INFINITY],
  completes: ['running containers'],
  stopAtOperand: true,
  failure: notExecuted,
  async run(context, flags, [container, ...command]) {
    if (!flags.detach) requireTerminal(flags);
    const { execs } = await context.engine();
    const explained = <T>(promise: Promise<T>) =>
      promise.catch(error => {
        const told = explainFlagAsCommand(error, command, 'minidock exec [OPTIONS] CONTAINER');
        if (!flags.detach || !(told instanceof MinidockError)) throw told;
        // In the background the command's exit code is not reported.
        throw new CommandLineError(told.code, told.message, { exitCode: 1, fix: told.fix, cause: error });
      });
    const { id } = await explained(
      execs.create(container!, {
        command,
        env: collectEnvironment(flags['env-file'], flags.env, context.env),
        workdir: flags.workdir,
        user: flags.user,
        privileged: flags.privileged || undefined,
        tty: flags.tty,
        interactive: flags.interactive && !flags.detach,
      }),
    );
    if (flags.detach) {
      await explained(execs.start(id));
      return 0;
    }
    const window = flags.tty ? terminalSize() : undefined;
    const process = {
      attach: () => execs.attach(id, { stdin: flags.interactive, stdout: true, stderr: true }),
      wait: () => execs.wait(id),
      start: () => explained(execs.start(id, { window })),
      signal: (number: number) => execs.signal(id, number),
      resize: (size: WindowSize) => execs.resize(id, size),
    };
    const foreground = runInForeground(process, {
      tty: flags.tty,
      interactive: flags.interactive,
      // A signal to the client of Docker's exec ends the client, not the command.
      forwardsSignals: false,
      detachKeys: flags['detach-keys'] ?? defaultDetachKeys,
      detachCode: 1,
      output: context.output,
    });
    // Nobody else knows its id. One that was detached from lives on.
    return foreground.finally(() => execs.remove(id).catch(() => {}));
  },
});
