/** More than any kernel has. */
const most = 8192;

/** The numbers of a list as cpuset(7) has it, `0-2,5`; undefined where it is none. */
export function readCpuList(list: string): Set<number> | undefined {
  const numbers = new Set<number>();
  for (const part of list.split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || from > to || to > most) return undefined;
    for (let at = from; at <= to; at++) numbers.add(at);
  }
  return numbers;
}
