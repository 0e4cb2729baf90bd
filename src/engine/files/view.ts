import { observe } from '../../container/observe.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { isBind } from '../../container/rootfs/mount-targets.ts';
import { flocks } from '../../host/locks.ts';
import { Scope } from '../../storage/scope/scope.ts';
import { call, close, open } from '../../syscalls/calls.ts';
import { Shim } from '../../syscalls/shim.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import { CLONE, O } from '../../syscalls/uapi/flags.ts';
import { containerToCompile } from '../compile/compile-input.ts';
import { pieces } from '../compile/pieces.ts';
import { compileView } from '../compile/view.ts';
import { specFor } from '../containers/create.ts';
import { lockContainer } from '../containers/lock.ts';
import type { EngineContext } from '../context.ts';

/** The files of a container, of which no path leads to the host. */
export interface View {
  scope: Scope;
  /** Steps that take a process into the view: its paths are then the container's. */
  enter: readonly Step[];
  close(): Promise<void>;
}

/**
 * Shows the files of a container, running or not: its root file system, and the volumes in it where they are wanted. One that does not
 * run cannot be started until `close`. Nothing of the view is left after that, or when this process is killed.
 */
export async function openView(
  context: EngineContext,
  record: ContainerRecord,
  { volumes }: { volumes: boolean },
): Promise<View> {
  const seen = observe(context.roots, record.id, flocks);
  if (seen.kind === 'running') {
    const { pid, namespaces } = seen.running;
    const namespace = { path: `/proc/${pid}/ns/mnt`, ...(namespaces.mnt !== undefined && { inode: namespaces.mnt }) };
    return await show(context, record, { volumes, namespace }, () => {});
  }
  const release = await lockContainer(context, record.id);
  try {
    return await show(context, record, { volumes }, release);
  } catch (error) {
    release();
    throw error;
  }
}

async function show(
  context: EngineContext,
  record: ContainerRecord,
  { volumes, namespace }: { volumes: boolean; namespace?: Parameters<typeof compileView>[1] },
  release: () => void,
): Promise<View> {
  const container = containerToCompile(context, record, specFor(context, record));
  const mounts = volumes ? container.mounts.filter(isBind) : [];
  const shim = new Shim({ label: `${record.id.slice(0, 12)} files`, memfd: context.facts.features.memfd });
  try {
    shim.run(compileView({ ...container, mounts }, namespace, context.facts, context.pieces ?? pieces));
    await shim.ready;
    const scope = new Scope(`/proc/${shim.pid}/root`);
    return {
      scope,
      enter: enterView(shim.pid),
      close: async () => {
        scope.close();
        await shim.abort();
        release();
      },
    };
  } catch (error) {
    await shim.abort();
    throw error;
  }
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
