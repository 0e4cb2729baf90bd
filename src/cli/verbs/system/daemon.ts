import path from 'node:path';
import { MinidockError } from '../../../errors.ts';
import { many, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { interruptible } from '../../terminal/interrupt.ts';

/** How long requests that run when the daemon is stopped have to end, in milliseconds. */
const graceMs = 5000;

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    debug: toggle('Show each request, and what it makes the engine and the kernel do', { short: 'D' }),
    host: many('list', readHost, 'Listen there: unix:///PATH (default unix:///run/minidock/minidock.sock)', {
      short: 'H',
    }),
  },
  operands: [0, 0],
  local: 'it is the daemon of the machine that it runs on',
  async run(context, flags) {
    const { settings, output } = context;
    const engine = await context.engine();
    const [{ serveApi }, { listenUnix }, { routes }, { ApiTrace }] = await Promise.all([
      import('../../../api/server/server.ts'),
      import('../../../api/server/listen.ts'),
      import('../../../api/routes/all.ts'),
      import('../../../api/trace/trace.ts'),
    ]);
    const { root, execRoot, logDefaults } = settings;
    const trace = new ApiTrace();
    if (flags.debug)
      trace.listen((await import('../../progress/api-trace.ts')).traceShower(output.err, output.errColumns));
    const server = serveApi(routes, {
      engine,
      settings: { root, execRoot, logDriver: logDefaults.driver || 'json-file' },
      trace,
    });
    const hosts = flags.host.length > 0 ? flags.host : [path.join(execRoot, 'minidock.sock')];
    const listeners = await Promise.all(hosts.map(file => listenUnix(file, server.http)));
    for (const { name } of listeners) output.err(`minidock: API listens on ${name}\n`);
    try {
      await interruptible(
        signal => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      );
    } catch (error) {
      if (!(error instanceof MinidockError && error.code === 'interrupted')) throw error;
    }
    for (const listener of listeners) listener.close();
    await server.close(graceMs);
    return 0;
  },
});

function readHost(given: string): string {
  const [, file] = /^unix:\/\/(\/.+)$/.exec(given) ?? [];
  if (file === undefined) throw new Error('must be unix:///PATH');
  return file;
}
