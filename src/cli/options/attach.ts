import { readDetachKeys } from '../../api/detach/keys.ts';
import type { Streams } from '../../container/record.ts';
import { byEngine, type FlagTable, many, type Values } from '../grammar/flags.ts';

const streams = ['stdin', 'stdout', 'stderr'] as const;

export const attachFlags = {
  attach: many('list', readStream, 'Attach to STDIN, STDOUT or STDERR alone; may be given several times', {
    short: 'a',
    completes: streams.map(stream => stream.toUpperCase()),
  }),
} satisfies FlagTable;

/** `--detach-keys`; the empty ones are the usual ones. */
export const readKeys = (given: string) =>
  given === '' ? undefined : byEngine('invalid-argument', () => readDetachKeys(given));

/** Which streams the creating client attaches to: as in Docker standard input always where it is kept open. */
export function toStreams(
  { attach, interactive }: Values<typeof attachFlags> & { readonly interactive: boolean },
  detach: boolean,
): Streams {
  if (detach) return { stdin: false, stdout: false, stderr: false };
  const wants = (stream: (typeof streams)[number]) => attach.includes(stream);
  const outputs = attach.length === 0;
  return {
    stdin: interactive || wants('stdin'),
    stdout: outputs || wants('stdout'),
    stderr: outputs || wants('stderr'),
  };
}

function readStream(given: string): (typeof streams)[number] {
  const stream = streams.find(name => name === given.toLowerCase());
  if (stream === undefined) throw new Error('valid streams are STDIN, STDOUT and STDERR');
  return stream;
}
