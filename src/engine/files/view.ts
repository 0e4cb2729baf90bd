import fs from 'node:fs';
import { observe } from '../../container/observe.ts';
import type { ExistingNamespace } from '../../container/process/enter.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { isBind } from '../../container/rootfs/mount-targets.ts';
import { kernelMounts } from '../../container/spec.ts';
import { flocks } from '../../host/locks.ts';
import type { Spec } from '../../oci/runtime-spec.ts';
import { containerPaths } from '../../state/paths.ts';
import { Scope } from '../../storage/scope/scope.ts';
import { call, close, open } from '../../syscalls/calls.ts';
import { Shim } from '../../syscalls/shim.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import { CLONE, O } from '../../syscalls/uapi/flags.ts';
import { containerToCompile } from '../compile/compile-input.ts';
import { pieces } from '../compile/pieces.ts';
import { compileView } from '../compile/view.ts';
import { mountsOf } from '../containers/create.ts';
import { lockContainer } from '../containers/lock.ts';
import type { EngineContext } from '../context.ts';
import { tellMounted, tellUnmounted } from '../volumes/events.ts';

/** A process that has a container's files as its root, so that no path or link in them leads to the host. */
export interface View {
  scope: Scope;
  /** Steps that take a process into the view: its paths are then the container's. */
  enter: readonly Step[];
  close(): Promise<void>;
}

/** With `tells` events say that the volumes are mounted for as long as the view is open. */
interface ViewOptions {
  volumes: boolean;
  tells?: boolean;
}

/**
 * Shows the files of a container, running or not: its root file system, and the volumes in it where they are wanted. One that does not
 * run cannot be started until `close`. Nothing of the view is left after that, or when this process is killed.
 */
export async function openView(
  context: EngineContext,
  record: ContainerRecord,
  { volumes, tells = false }: ViewOptions,
): Promise<View> {
  const running = runningNamespace(context, record);
  if (running !== undefined) return await show(context, record, { volumes, tells, namespace: running }, () => {});
  const release = await lockContainer(context, record.id);
  try {
    // Another command may have started it before we got the lock. While we hold it none can.
    const namespace = runningNamespace(context, record);
    if (namespace !== undefined) release();
    return await show(context, record, { volumes, tells, namespace }, namespace === undefined ? release : () => {});
  } catch (error) {
    release();
    throw error;
  }
}

function runningNamespace(context: EngineContext, { id }: ContainerRecord): ExistingNamespace | undefined {
  const seen = observe(context.roots, id, flocks);
  if (seen.kind !== 'running') return undefined;
  const { pid, namespaces } = seen.running;
  return { path: `/proc/${pid}/ns/mnt`, ...(namespaces.mnt !== undefined && { inode: namespaces.mnt }) };
}

async function show(
  context: EngineContext,
  record: ContainerRecord,
  { volumes, tells, namespace }: ViewOptions & { namespace: ExistingNamespace | undefined },
  release: () => void,
): Promise<View> {
  const container = containerToCompile(context, record, bareSpec(context, record));
  const mounts = volumes ? container.mounts.filter(isBind) : [];
  const shim = new Shim({ label: `${record.id.slice(0, 12)} files`, memfd: context.facts.features.memfd });
  try {
    shim.run(compileView({ ...container, mounts }, namespace, context.facts, context.pieces ?? pieces));
    await shim.ready;
    const scope = new Scope(`/proc/${shim.pid}/root`);
    if (tells) tellMounted(context.roots, record);
    return {
      scope,
      enter: enterView(shim.pid),
      close: async () => {
        scope.close();
        await shim.abort();
        if (tells) tellUnmounted(context.roots, record);
        release();
      },
    };
  } catch (error) {
    await shim.abort();
    throw error;
  }
}

/** The part of a container's spec that says which files it has. The rest (user, other containers) need not exist for it. */
function bareSpec(context: EngineContext, record: ContainerRecord): Spec {
  const proc = kernelMounts.filter(({ type }) => type === 'proc');
  const mounts = mountsOf(context, record)
    // Of a container that was never started the engine's own files are not there yet.
    .filter(({ type, source }) => type === 'bind' && fs.existsSync(source))
    .map(({ name, kind, ...mount }) => mount);
  const capabilities = { bounding: [], effective: [], permitted: [] };
  const user = { uid: 0, gid: 0, additionalGids: [] };
  return {
    ociVersion: '1.0.2',
    process: { terminal: false, user, args: [], env: [], cwd: '/', capabilities, noNewPrivileges: false },
    root: { path: containerPaths(context.roots, record.id).rootfs, readonly: false },
    mounts: [...proc, ...mounts],
    linux: { namespaces: [], cgroupsPath: '', resources: { devices: [] }, maskedPaths: [], readonlyPaths: [] },
  };
}

function enterView(pid: number): Step[] {
  const namespace = slot('mount namespace of the view');
  const about = { lesson: 'mount-namespace' as const, group: 'enter the view' };
  return [
    open(`/proc/${pid}/ns/mnt`, O.O_RDONLY, {
      ...about,
      why: {
        en: 'hold the mount namespace in which only files of the container are',
        zh: '打开只有容器文件的挂载命名空间',
      },
      save: namespace,
    }),
    call('setns', [namespace, CLONE.CLONE_NEWNS], {
      ...about,
      why: { en: 'enter it: from here on no path leads to the host', zh: '进入它：从这里起没有路径通向宿主机' },
    }),
    close(namespace, {
      ...about,
      why: { en: 'it is entered, so its descriptor is not needed', zh: '已经进入，不再需要它的描述符' },
    }),
  ];
}
