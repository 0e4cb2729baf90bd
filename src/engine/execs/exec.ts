import fs from 'node:fs';
import { layersOf } from '../../container/layers.ts';
import type { Running } from '../../container/observe.ts';
import { capabilitySets } from '../../container/process/capabilities.ts';
import { configuredEnvironment, environment } from '../../container/process/command.ts';
import { workingDirectoryError } from '../../container/process/execute.ts';
import { userOf } from '../../container/process/image-user.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { errnoOf, MinidockError } from '../../errors.ts';
import { findIdentity } from '../../host/process.ts';
import type { Spec } from '../../oci/runtime-spec.ts';
import { writeVolatile } from '../../state/files.ts';
import { cgroupParent, containerPaths, enginePaths, execPaths } from '../../state/paths.ts';
import { StepError } from '../../syscalls/failure.ts';
import { Shim } from '../../syscalls/shim.ts';
import { compileExec } from '../compile/compile-exec.ts';
import { processPieces } from '../compile/process-pieces.ts';
import { runningOf, unpauseFirst } from '../containers/life/states.ts';
import type { EngineContext } from '../context.ts';
import { keeperCommand } from '../keeping/command.ts';
import { linkVariablesNow } from '../networks/links.ts';
import type { ExecOptions } from '../nouns/execs.ts';
import { LaunchedProcess, type LaunchOptions } from '../processes.ts';
import { continued } from './continued.ts';
import { tellEnd } from './reap.ts';
import { type ExecRecord, observeExec, type RunningExec, removeExec } from './record.ts';

/**
 * Runs another command in a running container, with the container's own limits, filter and rights. The caller has claimed the
 * start; from here on the exec's files show its state.
 */
export async function execInContainer(
  context: EngineContext,
  record: ContainerRecord,
  exec: ExecRecord,
  { streams, window, onStep }: LaunchOptions,
): Promise<LaunchedProcess> {
  const paths = execPaths(context.roots, record.id, exec.id);
  const running = checkRunning(context, record);
  const shim = new Shim({
    label: `${record.id.slice(0, 12)} exec`,
    memfd: context.facts.features.memfd,
    onStep,
  });
  let cwd = '';
  try {
    const spec = execSpec(context, record, exec.options);
    cwd = spec.process.cwd;
    spec.linux.cgroupsPath = context.cgroups.beside(spec.linux.cgroupsPath, running.pid);
    const program = compileExec(
      {
        spec,
        target: running,
        interactive: exec.options.interactive,
        files: { socket: paths.socket, exit: paths.exit, reserve: paths.starting, backlog: paths.backlog },
        cgroupParent: cgroupParent(context.roots),
        cgroups: context.cgroups,
        keeper: { lock: enginePaths(context.roots).keeperLock, command: keeperCommand(context) },
      },
      context.facts,
      context.pieces ?? processPieces,
    );
    shim.run(program);
    await shim.supervised;
    shim.client.cleansUp(true);
    if (streams) shim.client.attach(streams);
    if (window) shim.client.resize(window);
    await continued(shim, shim.ready);
    writeDown(paths.running, shim);
    // No client stays connected: the keeper reports the end, however soon it comes.
    if (streams === undefined) shim.client.cleansUp(false);
    shim.go();
    await continued(shim, shim.executed);
    const ask = async (abort: AbortSignal) => (await import('./attach.ts')).awaitExec(context.roots, exec, abort);
    return new LaunchedProcess(shim, ask, async code => {
      const seen = observeExec(context.roots, exec);
      const status = !shim.toldExit && seen.kind === 'ended' ? seen.exitCode : code;
      tellEnd(context, record, exec, status);
      return status;
    });
  } catch (error) {
    await shim.abort();
    removeExec(context.roots, record.id, exec.id);
    if (!(error instanceof StepError)) throw error;
    // Docker's exec does not create the working directory, and reports a failure to enter it as a failure of the command.
    throw workingDirectoryError(cwd, error) ?? error;
  }
}

function writeDown(file: string, shim: Shim): void {
  const supervisor = findIdentity(shim.process.pid!);
  if (supervisor === undefined) throw new MinidockError('shim-died', "the command's supervisor was killed");
  const running: RunningExec = { pid: shim.pid, supervisor };
  writeVolatile(file, JSON.stringify(running));
}

/** The content of `running.json`. Throws `not-running`, `paused`. */
export function checkRunning(context: Pick<EngineContext, 'roots'>, record: ContainerRecord): Running {
  const { running, paused } = runningOf(context, record);
  if (paused) throw unpauseFirst(`Container ${record.name} is paused, unpause the container before exec`, record);
  return running;
}

/** The container's own spec with another process in it. */
function execSpec(context: EngineContext, record: ContainerRecord, options: ExecOptions): Spec {
  const paths = containerPaths(context.roots, record.id);
  const spec = readSpec(paths.config);
  const user = userOf(
    { user: options.user, groupAdd: record.options.groupAdd },
    { layers: [...layersOf(context.roots, record), paths.upper], config: { User: record.config.User } },
  );
  const allowed = options.privileged ? [...context.facts.capabilities] : spec.process.capabilities.bounding;
  const configured = configuredEnvironment(record.config.Env ?? [], options.env);
  spec.process = {
    ...spec.process,
    terminal: options.tty,
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    args: [...options.command],
    env: environment({
      linked: linkVariablesNow(context, record),
      configured,
      hostname: record.hostname,
      tty: options.tty,
      home: user.home,
    }),
    cwd: options.workdir ?? spec.process.cwd,
    capabilities: capabilitySets(allowed, user.uid),
  };
  return spec;
}

function readSpec(file: string): Spec {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Spec;
  } catch (error) {
    const reason = errnoOf(error) ?? 'no JSON';
    throw new MinidockError('broken-config', `the container's ${file} cannot be read: ${reason}`, {
      cause: error,
      fix: 'it is written anew at every start: run the container again',
    });
  }
}
