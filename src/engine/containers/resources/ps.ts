import { MinidockError } from '../../../errors.ts';
import type { ProcessList } from '../../nouns/containers.ts';

/**
 * The lines of ps(1) that are about these processes, cut into as many cells as there are titles: the last one may hold
 * blanks. A line with `-` for the pid is a thread, and belongs to the process above it. Throws `ps-failed` without PIDs.
 */
export function processesOf(output: string, pids: ReadonlySet<number>): ProcessList {
  const [header = '', ...lines] = output.split('\n');
  const titles = words(header);
  const at = titles.indexOf('PID');
  if (at < 0)
    throw new MinidockError('ps-failed', "Couldn't find PID field in ps output", { fix: 'ask ps for it: -o pid,args' });
  const processes: string[][] = [];
  let isOurs = false;
  for (const line of lines.filter(line => line.trim() !== '')) {
    const fields = words(line);
    const pid = fields[at]!;
    if (pid !== '-') {
      if (!/^\d+$/.test(pid)) throw new MinidockError('ps-failed', `Unexpected pid '${pid}'`);
      isOurs = pids.has(Number(pid));
    }
    if (isOurs) processes.push([...fields.slice(0, titles.length - 1), fields.slice(titles.length - 1).join(' ')]);
  }
  return { titles, processes };
}

const words = (line: string) => line.split(/[\t\n\v\f\r ]+/).filter(Boolean);
