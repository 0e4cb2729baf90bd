/**
 * Which modules of the command line stand in which file of dist/cli. A start reads and decodes only what it needs: a
 * millisecond for every 150 kB of code.
 */
import { importsOf } from '../architecture/imports.mjs';

/**
 * Files from the first that is read to the last. Each has the modules named here and all that these import, by way of
 * others too, unless an earlier file has them. What nothing here imports but an `import()` stands in `rest`.
 */
const files = [
  // What each command starts with.
  ['minidock', ['src/cli/minidock.ts', 'src/cli/groups.ts', 'src/cli/verbs.ts']],
  // What all need that ask the engine for something.
  [
    'ask',
    [
      'src/cli/grammar/verb.ts',
      'src/cli/print/each.ts',
      'src/cli/print/size.ts',
      'src/engine/local.ts',
      'src/host/hidden-paths.ts',
      'src/image/store.ts',
      'src/network/attachment.ts',
    ],
  ],
  // What looks at containers and images.
  [
    'look',
    [
      'src/cli/verbs/container/ls.ts',
      'src/cli/verbs/container/logs.ts',
      'src/cli/verbs/container/wait.ts',
      'src/cli/verbs/image/ls.ts',
      'src/cli/verbs/system/inspect.ts',
      'src/container/logging/read.ts',
      'src/engine/containers/resources/logs.ts',
    ],
  ],
  // What ends containers.
  [
    'end',
    [
      'src/cli/verbs/container/kill.ts',
      'src/cli/verbs/container/rm.ts',
      'src/cli/verbs/container/stop.ts',
      'src/engine/containers/attach.ts',
      'src/engine/containers/life/kill.ts',
      'src/engine/containers/remove.ts',
      'src/engine/containers/stop.ts',
      'src/engine/context.ts',
    ],
  ],
  // What looks into layers, also of a build.
  [
    'layers',
    [
      'src/cli/options/variable.ts',
      'src/oci/default-path.ts',
      'src/storage/merged-view.ts',
      'src/syscalls/text/columns.ts',
    ],
  ],
  // What enters them.
  [
    'enter',
    [
      'src/cli/verbs/container/attach.ts',
      'src/cli/verbs/container/exec.ts',
      'src/engine/execs/exec.ts',
      'src/engine/keeping/call.ts',
    ],
  ],
  // What limits them, and the containers of a build.
  [
    'limits',
    [
      'src/cli/options/platforms.ts',
      'src/cli/options/resources/flags.ts',
      'src/cli/options/security-opt.ts',
      'src/container/options/resolver.ts',
      'src/oci/platform.ts',
      'src/state/working-folder.ts',
    ],
  ],
  // What makes and starts them.
  [
    'make',
    [
      'src/cli/verbs/container/create.ts',
      'src/cli/verbs/container/restart.ts',
      'src/cli/verbs/container/run.ts',
      'src/cli/verbs/container/start.ts',
      'src/engine/containers/life/restart.ts',
      'src/engine/containers/plan.ts',
      'src/engine/containers/start.ts',
      'src/engine/containers/warnings.ts',
    ],
  ],
  // What builds, out of the cache.
  ['build', ['src/cli/build/display.ts', 'src/cli/verbs/image/build.ts', 'src/engine/builder/build.ts']],
  // What asks a daemon.
  ['remote', ['src/cli/remote.ts']],
  // What --format needs.
  ['format', ['src/cli/print/templated-listing.ts', 'src/cli/template/inspection.ts', 'src/cli/template/render.ts']],
];

const rest = 'rest';

const look = ['minidock', 'ask', 'look'];
const end = ['minidock', 'ask', 'end'];
const enter = [...end, 'layers', 'enter'];
const make = [...enter, 'limits', 'make'];

/**
 * The verbs that are given most, and the files that each of them needs. These stand in one file of the verb's own besides, whose
 * compiled code is what that verb calls, which spares `run` and `exec` 4 ms; and one file in place of seven another 2.
 */
export const frequent = {
  ...{ images: look, inspect: look, logs: look, ps: look },
  ...{ kill: end, rm: end, stop: end },
  exec: enter,
  ...{ create: make, run: make, start: make },
  build: [...make, 'build'],
};

/**
 * The files of the command line that begins with the module `entry`: name → paths of the modules in it that are loaded from
 * another file or by `import()`. `fileOf` tells the file of every module.
 */
export function chunksOf(root, entry) {
  const imports = new Map();
  const importsFrom = path => {
    const known = imports.get(path) ?? importsOf(root, path).filter(isOurs);
    imports.set(path, known);
    return known;
  };
  const fileOf = new Map();
  const place = (path, file, kinds, seen) => {
    if (seen.has(path)) return;
    seen.add(path);
    if (!fileOf.has(path)) fileOf.set(path, file);
    for (const next of importsFrom(path)) if (kinds.includes(next.kind)) place(next.path, file, kinds, seen);
  };
  for (const [file, paths] of files) for (const path of paths) place(path, file, ['value'], new Set());
  place(entry, rest, ['value', 'lazy'], new Set());

  const wanted = new Map([...files.map(([file]) => file), rest].map(file => [file, new Set()]));
  wanted.get(fileOf.get(entry)).add(entry);
  for (const [path, file] of fileOf)
    for (const next of importsFrom(path))
      if (next.kind === 'lazy' || fileOf.get(next.path) !== file) wanted.get(fileOf.get(next.path)).add(next.path);
  return { fileOf, wanted };
}

const isOurs = ({ path, kind }) => kind !== 'type' && path.startsWith('src/');
