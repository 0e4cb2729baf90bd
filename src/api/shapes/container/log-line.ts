import type { LogEntry } from '../../../container/logging/parse.ts';

/** What is shown of each line besides the line. */
export interface LogDetails {
  readonly timestamps: boolean;
  /** The attributes that the log's options name. */
  readonly details: boolean;
}

/** What stands before a line of a log, in latin1 as the line itself. */
export function beforeLine({ time, attrs }: LogEntry, { timestamps, details }: LogDetails): string {
  return `${timestamps ? `${inFull(time)} ` : ''}${details ? `${attributesOf(attrs)} ` : ''}`;
}

/** With nine digits of the second, as Docker shows times in lines: they stand below each other. */
function inFull(time: string): string {
  const [seconds, fraction = ''] = time.slice(0, -1).split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}Z`;
}

function attributesOf(attrs = '{}'): string {
  const all: Record<string, string> = JSON.parse(Buffer.from(attrs, 'latin1').toString());
  return Object.entries(all)
    .map(([name, value]) => `${queryEscape(name)}=${queryEscape(value)}`)
    .sort()
    .join(',');
}

/** As Go's url.QueryEscape. */
function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/%20/g, '+')
    .replace(/[!'()*]/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
