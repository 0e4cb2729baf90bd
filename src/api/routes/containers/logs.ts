import { MinidockError } from '../../../errors.ts';
import { framesOf } from '../../frames.ts';
import { bytes, type Route } from '../../server/route.ts';
import { readLogInstant } from '../../server/times.ts';
import { beforeLine } from '../../shapes/container/log-line.ts';
import { streamType } from './attach.ts';

/** GET /containers/{id}/logs: lines in frames that name their stream; bare where the container has a terminal. */
export const logsRoute: Route = {
  method: 'GET',
  path: '/containers/{name}/logs',
  async handle({ params, query, abort, version }, { engine: { containers } }) {
    const streams = { stdout: query.flag('stdout'), stderr: query.flag('stderr') };
    if (!streams.stdout && !streams.stderr)
      throw new MinidockError('invalid-argument', 'Bad parameters: you must choose at least one stream');
    const { record } = await containers.inspect(params.name!);
    const tail = query.text('tail');
    const shown = { timestamps: query.flag('timestamps'), details: query.flag('details') };
    const entries = containers.logs(record.id, {
      follow: query.flag('follow'),
      tail: /^\+?\d{1,18}$/.test(tail) ? Number(tail) : undefined,
      since: readLogInstant('since', query.text('since')),
      until: readLogInstant('until', query.text('until')),
      abort,
    });
    const { tty } = record.options;
    async function* chunks(): AsyncGenerator<Buffer> {
      // The head goes at once: who follows a silent container waits for no line.
      yield Buffer.alloc(0);
      for await (const some of entries) {
        const lines = some
          .filter(({ stream }) => streams[stream])
          .map(entry => ({ kind: entry.stream, line: beforeLine(entry, shown) + entry.line }));
        if (lines.length === 0) continue;
        yield tty ? Buffer.from(lines.map(({ line }) => line).join(''), 'latin1') : framesOf(lines);
      }
    }
    return bytes(chunks(), { 'Content-Type': streamType(tty, version) });
  },
};
