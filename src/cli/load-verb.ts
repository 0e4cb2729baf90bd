import type { Verb } from './grammar/verb.ts';

/**
 * The code of a verb; undefined where `verbs` has none of that name. A table of functions would be made by every command, and all
 * of its entries but one for nothing.
 */
export function loadVerb(name: string): Promise<{ readonly verb: Verb }> | undefined {
  switch (name) {
    case 'run':
      return import('./verbs/container/run.ts');
    case 'create':
      return import('./verbs/container/create.ts');
    case 'start':
      return import('./verbs/container/start.ts');
    case 'stop':
      return import('./verbs/container/stop.ts');
    case 'restart':
      return import('./verbs/container/restart.ts');
    case 'kill':
      return import('./verbs/container/kill.ts');
    case 'pause':
      return import('./verbs/container/pause.ts');
    case 'unpause':
      return import('./verbs/container/unpause.ts');
    case 'wait':
      return import('./verbs/container/wait.ts');
    case 'rename':
      return import('./verbs/container/rename.ts');
    case 'update':
      return import('./verbs/container/update.ts');
    case 'rm':
      return import('./verbs/container/rm.ts');
    case 'ps':
      return import('./verbs/container/ls.ts');
    case 'logs':
      return import('./verbs/container/logs.ts');
    case 'attach':
      return import('./verbs/container/attach.ts');
    case 'exec':
      return import('./verbs/container/exec.ts');
    case 'top':
      return import('./verbs/container/top.ts');
    case 'stats':
      return import('./verbs/container/stats.ts');
    case 'port':
      return import('./verbs/container/port.ts');
    case 'inspect':
      return import('./verbs/system/inspect.ts');
    case 'xray':
      return import('./verbs/container/xray.ts');
    case 'capture':
      return import('./verbs/container/capture.ts');
    case 'cp':
      return import('./verbs/container/cp.ts');
    case 'diff':
      return import('./verbs/container/diff.ts');
    case 'commit':
      return import('./verbs/container/commit.ts');
    case 'export':
      return import('./verbs/container/export.ts');
    case 'container prune':
      return import('./verbs/container/prune.ts');
    case 'images':
      return import('./verbs/image/ls.ts');
    case 'pull':
      return import('./verbs/image/pull.ts');
    case 'push':
      return import('./verbs/image/push.ts');
    case 'build':
      return import('./verbs/image/build.ts');
    case 'tag':
      return import('./verbs/image/tag.ts');
    case 'rmi':
      return import('./verbs/image/rm.ts');
    case 'history':
      return import('./verbs/image/history.ts');
    case 'save':
      return import('./verbs/image/save.ts');
    case 'load':
      return import('./verbs/image/load.ts');
    case 'import':
      return import('./verbs/image/import.ts');
    case 'image prune':
      return import('./verbs/image/prune.ts');
    case 'builder prune':
      return import('./verbs/builder/prune.ts');
    case 'search':
      return import('./verbs/registry/search.ts');
    case 'login':
      return import('./verbs/registry/login.ts');
    case 'logout':
      return import('./verbs/registry/logout.ts');
    case 'manifest inspect':
      return import('./verbs/registry/manifest-inspect.ts');
    case 'registry serve':
      return import('./verbs/registry/serve.ts');
    case 'network create':
      return import('./verbs/network/create.ts');
    case 'network ls':
      return import('./verbs/network/ls.ts');
    case 'network connect':
      return import('./verbs/network/connect.ts');
    case 'network disconnect':
      return import('./verbs/network/disconnect.ts');
    case 'network rm':
      return import('./verbs/network/rm.ts');
    case 'network prune':
      return import('./verbs/network/prune.ts');
    case 'network repair':
      return import('./verbs/network/repair.ts');
    case 'volume create':
      return import('./verbs/volume/create.ts');
    case 'volume ls':
      return import('./verbs/volume/ls.ts');
    case 'volume rm':
      return import('./verbs/volume/rm.ts');
    case 'volume prune':
      return import('./verbs/volume/prune.ts');
    case 'info':
      return import('./verbs/system/info.ts');
    case 'version':
      return import('./verbs/system/version.ts');
    case 'events':
      return import('./verbs/system/events.ts');
    case 'doctor':
      return import('./verbs/system/doctor.ts');
    case 'completion':
      return import('./verbs/system/completion.ts');
    case 'daemon':
      return import('./verbs/system/daemon.ts');
    case 'system df':
      return import('./verbs/system/df.ts');
    case 'system prune':
      return import('./verbs/system/prune.ts');
    case 'system start':
      return import('./verbs/system/start.ts');
    case 'system stop':
      return import('./verbs/system/stop.ts');
    case 'api trace':
      return import('./verbs/api/trace.ts');
  }
  return undefined;
}
