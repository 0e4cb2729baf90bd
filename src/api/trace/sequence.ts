import { STATUS_CODES } from 'node:http';
import { lessonName } from '../../syscalls/lessons.ts';
import { shortIds } from '../../syscalls/print.ts';
import type { TraceEvent } from './model.ts';

/** Who speaks, from left to right. */
export const lanes = ['client', 'daemon', 'engine', 'shim and kernel'] as const;

/** One message of a sequence diagram, from a lane to the one beside it. The only thing that the views know. */
export interface Message {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** Small beside it: how long it took, how many steps it is. */
  readonly note: string;
  /** `09-cgroups` */
  readonly lesson?: string;
  readonly tone: 'ask' | 'answer' | 'kernel' | 'failed';
  /** Which request it belongs to, where several are under way; by its number from 1. */
  readonly request: number;
  /** Milliseconds since the first one. */
  readonly at: number;
}

export function messagesOf(events: readonly TraceEvent[]): Message[] {
  const teller = new Teller(events[0]?.at ?? 0);
  return events.map(event => teller.message(event));
}

/** Turns events into messages one by one, as they come. */
export class Teller {
  constructor(private readonly start: number) {}

  message(event: TraceEvent): Message {
    const common = { request: event.request, at: event.at - this.start };
    switch (event.kind) {
      case 'request':
        return { ...common, from: 0, to: 1, text: `${event.verb} ${targetOf(event.target)}`, note: '', tone: 'ask' };
      case 'call':
        return { ...common, from: 1, to: 2, text: `${event.method}(${briefIds(event.about)})`, note: '', tone: 'ask' };
      case 'steps': {
        const lesson = event.lesson && lessonName(event.lesson);
        const text = `${event.section}: ${event.text}${event.refused === undefined ? '' : `: ${event.refused}`}`;
        const count = event.count === 1 ? '1 step' : `${event.count} steps`;
        const tone = event.refused === undefined ? 'kernel' : 'failed';
        return { ...common, from: 2, to: 3, text, note: count, tone, ...(lesson && { lesson }) };
      }
      case 'return': {
        const tone = event.failed === undefined ? 'answer' : 'failed';
        return { ...common, from: 2, to: 1, text: shortIds(event.failed ?? 'done'), note: time(event.took), tone };
      }
      case 'answer': {
        const text =
          event.status === undefined
            ? 'the client went away'
            : `${event.status} ${STATUS_CODES[event.status] ?? ''}`.trim();
        const tone = event.status === undefined || event.status >= 400 ? 'failed' : 'answer';
        return { ...common, from: 1, to: 0, text, note: time(event.took), tone };
      }
    }
  }
}

/** Without the version of the API, ids short, and of minidock's own arguments only that there are some. */
function targetOf(target: string): string {
  const [path = '', query] = target.split('?');
  const shown = briefIds(decoded(path.replace(/^\/v[\d.]+(?=\/)/, '')));
  if (query === undefined || query.startsWith('arguments=')) return shown;
  return `${shown}?${briefIds(decoded(query))}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Ids as users type them. */
const briefIds = (text: string) => text.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1');

/** `7 ms`, `1.2 s` */
const time = (ms: number) =>
  ms < 1000 ? `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
