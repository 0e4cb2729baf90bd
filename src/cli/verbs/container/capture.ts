import type { ContainerRecord } from '../../../container/record.ts';
import { notRunning } from '../../../engine/containers/life/states.ts';
import { many, single, text } from '../../grammar/flags.ts';
import { usageError } from '../../grammar/usage.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { readDuration } from '../../options/keeping/duration.ts';

/** As tcpdump has it: the largest packet there is. */
const wholePacket = 262_144;

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER [CONTAINER...] [-- EXPRESSION]',
  flags: {
    count: single('int', readCount, 'End after so many packets, each counted once however many points it passes', {
      short: 'c',
    }),
    duration: single('duration', readLength, 'End after this time (10s, 5m)'),
    filter: text('Only packets that match this expression of tcpdump, as behind --'),
    html: text('Write a page that shows the packets on their way', { completes: 'files' }),
    point: many('string', value => value, 'Only at these points: an interface, or host, bridge, veth, container', {
      completes: ['host', 'lo', 'bridge', 'veth', 'container'],
    }),
    port: single('int', readPort, 'Only packets of this port; of a published one, the host’s or the container’s'),
    read: text('Show a file that was written before', { short: 'r', completes: 'files' }),
    snaplen: single('int', readSnapLength, `Bytes that are kept of each packet (default ${wholePacket})`),
    write: text('Write all packets of all points to this pcapng file, for Wireshark; - is standard output', {
      short: 'w',
      completes: 'files',
    }),
  },
  local: 'it reads network interfaces of this machine',
  operands: [0, Number.POSITIVE_INFINITY],
  least: flags => (flags.read === undefined ? 1 : 0),
  completes: ['running containers'],
  async run(context, flags, operands, beforeDashes) {
    const names = operands.slice(0, beforeDashes ?? operands.length);
    const expression = [flags.filter, operands.slice(names.length).join(' ')].filter(Boolean) as string[];
    if (flags.read !== undefined) {
      const given = [names[0], expression[0], flags.write, flags.port, flags.duration, flags.point[0], flags.snaplen];
      if (given.some(one => one !== undefined))
        throw usageError('--read shows a file as it is: only --html and --count go with it');
      const { showRecorded } = await import('../../capture/recorded.ts');
      return showRecorded(context, flags.read, flags);
    }
    if (names.length === 0) throw usageError('"minidock capture" needs a container before --');
    const { containers } = await context.engine();
    const records = await Promise.all(
      [...new Set(names)].map(async name => running((await containers.inspect(name)).record)),
    );
    const { captureLive } = await import('../../capture/live.ts');
    return captureLive(context, {
      ...flags,
      points: flags.point,
      milliseconds: flags.duration,
      containers: [...new Map(records.map(record => [record.id, record])).values()],
      filter: expression.length > 1 ? expression.map(part => `(${part})`).join(' and ') : (expression[0] ?? ''),
      snapLength: flags.snaplen ?? wholePacket,
    });
  },
});

/** Throws `not-running`. */
function running(record: ContainerRecord): ContainerRecord {
  if (record.state.status !== 'running') throw notRunning(record);
  return record;
}

function readCount(given: string): number {
  if (!/^[1-9]\d{0,8}$/.test(given)) throw new Error('must be a whole number from 1 on');
  return Number(given);
}

function readPort(given: string): number {
  if (!/^\d{1,5}$/.test(given) || Number(given) < 1 || Number(given) > 65535) throw new Error('must be 1 to 65535');
  return Number(given);
}

function readSnapLength(given: string): number {
  if (!/^\d{1,6}$/.test(given) || Number(given) < 64 || Number(given) > wholePacket)
    throw new Error(`must be 64 to ${wholePacket}`);
  return Number(given);
}

/** In milliseconds. */
function readLength(given: string): number {
  const milliseconds = readDuration(given) / 1e6;
  if (milliseconds < 1) throw new Error('must be longer than a millisecond: 10s, 5m');
  return milliseconds;
}
