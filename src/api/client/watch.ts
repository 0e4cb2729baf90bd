import type { TraceEvent } from '../trace/model.ts';
import { tracePath } from '../trace/trace.ts';
import { Connection } from './connection.ts';
import type { Host } from './host.ts';
import { linesOf } from './lines.ts';

/** What happens at a daemon, from the moment at which this resolves until `abort` says so. */
export async function watchDaemon(host: Host, abort: AbortSignal): Promise<AsyncIterable<TraceEvent>> {
  const connection = new Connection(host);
  const response = await connection.ask({ verb: 'GET', path: tracePath, abort });
  return (async function* () {
    try {
      for await (const line of linesOf(response)) yield JSON.parse(line) as TraceEvent;
    } catch (error) {
      if (!abort.aborted) throw connection.explain(error);
    }
  })();
}
