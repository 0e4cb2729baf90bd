import type { Event } from '../../../state/journal.ts';
import { int64, omitEmpty, pointer, string, stringMap, struct } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';

/** What Docker's API, version 1.41, sends at GET /events, a message an event. */
const message = struct('events.Message', {
  Status: omitEmpty(string, 'status'),
  ID: omitEmpty(string, 'id'),
  From: omitEmpty(string, 'from'),
  Type: string,
  Action: string,
  Actor: struct('events.Actor', { ID: string, Attributes: stringMap }),
  Scope: omitEmpty(string, 'scope'),
  Time: omitEmpty(int64, 'time'),
  TimeNano: omitEmpty(int64, 'timeNano'),
});

/** As Go has it where nothing happened yet: a template is tried with it. */
export const noEvent: Value = value(pointer(message), {});

/** The first three fields are of old; only containers and images have them. */
export function eventMessage({ type, action, id, attributes, timeNano }: Event): Value {
  const hasOld = type === 'container' || type === 'image';
  return value(pointer(message), {
    ...(hasOld && { status: action, id, from: type === 'container' ? attributes.image : undefined }),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: 'local',
    time: Math.floor(Number(timeNano) / 1e9),
    timeNano: BigInt(timeNano),
  });
}
