import type { Step } from '../../syscalls/step.ts';

/**
 * Routing messages as wholes, for lessons that leave one out or have two change places. A message is several steps (src/network/netlink):
 * stores, sendto, recvfrom and the checks of the answer.
 */
export function withoutMessages(steps: readonly Step[], words: readonly string[]): Step[] {
  const parts = partsOf(steps);
  const gone = words.map(one => placeOf(parts, one));
  return parts.filter((_, i) => !gone.includes(i)).flat();
}

/** The first message whose words begin with `a`, and the first with `b`, in each other's places. */
export function swapMessages(steps: readonly Step[], a: string, b: string): Step[] {
  const parts = partsOf(steps);
  const [first, second] = [placeOf(parts, a), placeOf(parts, b)];
  [parts[first], parts[second]] = [parts[second]!, parts[first]!];
  return parts.flat();
}

/** What a step sends, in the words of `ip`; undefined for steps that send nothing. */
function wordsOf(step: Step): string | undefined {
  if (step.op !== 'syscall' || step.name !== 'sendto') return undefined;
  const data = step.args[1];
  return typeof data === 'object' && data.kind === 'data' ? data.text : undefined;
}

/** Whether a step comes after its message was sent and belongs to it. */
export function isAnswer(step: Step): boolean {
  return step.op === 'expect' || (step.op === 'syscall' && step.name === 'recvfrom');
}

/** Messages as lists of their steps, every other step as a list of its own. */
function partsOf(steps: readonly Step[]): Step[][] {
  const parts: Step[][] = [];
  let open: Step[] | undefined;
  for (const step of steps) {
    const begins = step.op === 'store' || wordsOf(step) !== undefined;
    if (open && (isAnswer(step) || (begins && !open.some(isAnswer)))) open.push(step);
    else {
      open = begins ? [step] : undefined;
      parts.push(open ?? [step]);
    }
  }
  return parts;
}

function placeOf(parts: readonly (readonly Step[])[], words: string): number {
  const place = parts.findIndex(part => part.some(step => wordsOf(step)?.startsWith(words)));
  if (place < 0) throw new Error(`no message "${words}" is sent here`);
  return place;
}
