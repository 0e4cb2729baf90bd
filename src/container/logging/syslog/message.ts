import type { LogEntry } from '../parse.ts';
import type { SyslogTarget } from './target.ts';

/** Who sends: what every message of a container says beside its line. */
export interface Sender {
  readonly hostname: string;
  readonly tag: string;
  /** Of the process that took the line from the container. */
  readonly pid: number;
}

const severities = { stdout: 6, stderr: 3 } as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * A line as Docker sends it to a syslog daemon, with the time at which it was printed; undefined for an empty one, which it does
 * not send. The end of the line is the end of the message, also over TCP: no length stands before.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3164 and https://www.rfc-editor.org/rfc/rfc5424
 */
export function syslogMessage(entry: LogEntry, target: SyslogTarget, sender: Sender): Buffer | undefined {
  const line = entry.line.endsWith('\n') ? entry.line.slice(0, -1) : entry.line;
  if (line === '') return undefined;
  const priority = target.facility * 8 + severities[entry.stream];
  return Buffer.concat([
    Buffer.from(`<${priority}>${header(target.format, entry.time, sender)}`),
    Buffer.from(`${line}\n`, 'latin1'),
  ]);
}

function header(format: SyslogTarget['format'], time: string, { hostname, tag, pid }: Sender): string {
  switch (format) {
    case '':
      return `${stamp(time)} ${tag}[${pid}]: `;
    case 'rfc3164':
      return `${stamp(time)} ${hostname} ${tag}[${pid}]: `;
    case 'rfc5424':
      return `1 ${rfc3339(time, '')} ${hostname} ${tag} ${pid} ${tag} - `;
    case 'rfc5424micro':
      return `1 ${rfc3339(time, microseconds(time))} ${hostname} ${tag} ${pid} ${tag} - `;
  }
}

const two = (number: number) => String(number).padStart(2, '0');
const clock = (date: Date) => [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');

/** `Nov  2 15:04:05`, in this machine's time zone. */
function stamp(time: string): string {
  const date = new Date(time);
  return `${months[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock(date)}`;
}

function rfc3339(time: string, fraction: string): string {
  const date = new Date(time);
  const east = -date.getTimezoneOffset();
  const [hours, minutes] = [Math.floor(Math.abs(east) / 60), Math.abs(east) % 60].map(two);
  const zone = east === 0 ? 'Z' : `${east < 0 ? '-' : '+'}${hours}:${minutes}`;
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day}T${clock(date)}${fraction}${zone}`;
}

/** `.000123`: of the record's own digits, since a Date has no more than three. */
const microseconds = (time: string) => `.${(/\.(\d+)/.exec(time)?.[1] ?? '').slice(0, 6).padEnd(6, '0')}`;
