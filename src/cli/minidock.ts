import type { Pieces } from '../engine/compile/pieces.ts';
import type { Engine } from '../engine/engine.ts';
import { findWaitingLine } from '../syscalls/waiting/line.ts';
import { dismissWaitingShim, findWaitingShim } from '../syscalls/waiting/shim.ts';
import { type Context, requireRoot, type Settings, settingsFrom } from './context.ts';
import { main, report } from './main.ts';
import { standardOutput } from './print/output.ts';

/** The program behind bin/minidock. Output is synchronous, so leaving at once loses nothing. */
process.on('uncaughtException', error => process.exit(report(error, false, standardOutput)));

findWaitingShim(process.env);
findWaitingLine(process.env);

main(process.argv.slice(2), standardOutput, (globals): Context => {
  let known: Settings | undefined;
  const host = (globals.host ?? process.env.MINIDOCK_HOST) || undefined;
  const engines = new Map<Pieces | undefined, Engine>();
  // Not before they are wanted: `version` works beside a daemon.json that is broken.
  const settings = () => {
    known ??= settingsFrom(globals, process.env);
    return known;
  };
  return {
    get settings() {
      return settings();
    },
    env: process.env,
    output: standardOutput,
    ...(host !== undefined && { host, globals }),
    engine: async pieces => {
      if (host !== undefined) dismissWaitingShim();
      if (host !== undefined) return (await import('./remote.ts')).engineAt(host, globals, process.env);
      requireRoot();
      const { openEngine } = await import('../engine/local.ts');
      const { bridge, registries, logDefaults } = settings();
      // One for all parts of a verb: what an engine has found out about the host is not asked for twice.
      const opened = engines.get(pieces) ?? openEngine(settings(), { bridge, registries, logDefaults, pieces });
      engines.set(pieces, opened);
      return opened;
    },
  };
}).then(code => process.exit(code));
