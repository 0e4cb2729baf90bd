import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { routes } from '../../src/api/routes/all.ts';
import { listenUnix } from '../../src/api/server/listen.ts';
import type { Route } from '../../src/api/server/route.ts';
import { type ApiServer, serveApi } from '../../src/api/server/server.ts';
import type { TraceEvent } from '../../src/api/trace/model.ts';
import { messagesOf } from '../../src/api/trace/sequence.ts';
import { terminalView } from '../../src/api/trace/terminal.ts';
import { ApiTrace } from '../../src/api/trace/trace.ts';
import { cgroupDriver } from '../../src/cgroup/choose.ts';
import { eventually } from '../../src/cgroup/files.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/local.ts';
import { readCgroupLayout } from '../../src/host/cgroup-layout.ts';
import { systemProgram } from '../../src/host/programs.ts';
import { engineId, forgetEngine } from '../../src/state/engines.ts';
import { cgroupParent, type Roots } from '../../src/state/paths.ts';
import { makeSmallRoot } from '../../src/workshop/play/small-root.ts';
import type { Tell } from '../17-image-format/image.ts';

/** What containers of this lesson are made of: a shell and its companions. */
export const image = 'lesson';

/** An engine in the lesson's own directory, and its API on a Unix socket there. */
export interface ServedEngine {
  readonly engine: Engine;
  readonly roots: Roots;
  /** Path of the socket, as `minidock daemon` makes it. */
  readonly socket: string;
  /** As the daemon serves it, with these routes only. */
  serve(some: (route: Route) => boolean): ApiServer;
  /** Tells what a start makes the kernel do, until the function that is returned is called. */
  traced(tell: Tell, count: (steps: Steps) => void): () => void;
}

type Steps = Extract<TraceEvent, { kind: 'steps' }>;

/** What is to be undone, by the directory of the lesson. */
const open = new Map<string, ServedEngine & { close(): Promise<void> }>();

/** The engine of a lesson; it is made when it is first asked for, and ends with `endEngine`. */
export async function lessonEngine(scratch: string): Promise<ServedEngine> {
  const known = open.get(scratch);
  if (known !== undefined) return known;
  const roots = { root: path.join(scratch, 'e'), execRoot: path.join(scratch, 'r') };
  const engine = openEngine(roots);
  await makeImage(engine, scratch);
  const trace = new ApiTrace();
  const settings = { ...roots, logDriver: 'json-file' };
  const server = serveApi(routes, { engine, settings, trace });
  const socket = path.join(scratch, 'api.sock');
  const listener = await listenUnix(socket, server.http);
  const served = {
    engine,
    roots,
    socket,
    serve: (some: (route: Route) => boolean) => serveApi(routes.filter(some), { engine, settings }),
    traced: (tell: Tell, count: (steps: Steps) => void) => tellSteps(trace, tell, count),
    close: async () => {
      listener.close();
      await server.close(0);
    },
  };
  open.set(scratch, served);
  return served;
}

/** For `Lesson.tidy`: ends the daemon, then the containers, and takes away what they have in the kernel. */
export async function endEngine(scratch: string): Promise<void> {
  const served = open.get(scratch);
  if (served === undefined) return;
  open.delete(scratch);
  const { engine, roots, close } = served;
  // Nobody can ask for a container from here on. One whose start is under way is waited for by its removal.
  await close();
  const { containers } = await engine.containers.list({ all: true });
  for (const { id } of containers) await engine.containers.remove(id, { force: true, volumes: true }).catch(() => {});
  const group = cgroupParent(roots);
  const layout = readCgroupLayout(group);
  // The last supervisor leaves it a moment after its container is gone.
  if (layout.kind !== 'none') {
    const cgroups = cgroupDriver(layout);
    await eventually(10_000, () => cgroups.pids(group).length === 0);
    await cgroups.remove(group);
  }
  forgetEngine({ id: engineId(roots.root) });
}

/** The image that containers are made of, out of this machine's own programs. */
async function makeImage(engine: Engine, scratch: string): Promise<void> {
  const tree = path.join(scratch, 'tree');
  makeSmallRoot(tree);
  const file = path.join(scratch, 'tree.tar');
  execFileSync(systemProgram('tar') ?? 'tar', ['-C', tree, '-cf', file, '.']);
  fs.rmSync(tree, { recursive: true });
  await engine.images.import(file, { reference: image, changes: ['CMD ["sh"]'] });
  fs.rmSync(file);
}

/** As `minidock api trace` shows them. */
function tellSteps(trace: ApiTrace, tell: Tell, count: (steps: Steps) => void): () => void {
  const view = terminalView(Math.min(96, (process.stdout.columns ?? 80) - 6));
  return trace.listen(event => {
    if (event.kind !== 'steps') return;
    count(event);
    for (const message of messagesOf([event])) tell(view.line(message).trimEnd());
  });
}
