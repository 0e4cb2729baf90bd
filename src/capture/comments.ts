import { type Point, printEndpoint, type Rewrite, type RewriteKind, roles, type Walk } from './model.ts';

/**
 * What the pcapng says besides packets, as comments that Wireshark shows and that `--read` reads again: they hold what packets
 * alone do not tell.
 */

/** `minidock point: veth of web`. */
export function pointComment({ role, container }: Point): string {
  return `minidock point: ${role}${container === undefined ? '' : ` of ${container}`}`;
}

export function parsePoint(name: string, comment: string): Point | undefined {
  const [, role, container] = /^minidock point: (\w+)(?: of (\S+))?$/.exec(comment) ?? [];
  if (!roles.includes(role as Point['role'])) return undefined;
  return {
    role: role as Point['role'],
    name,
    interface: name.slice(name.indexOf(':') + 1),
    ...(container !== undefined && { container }),
  };
}

/**
 * At each point: which walk, how far, and what was done to the packet since the point before. What a process of the host has
 * before the first point, or gets behind the last, stands at that point.
 */
export function packetComment(walk: Walk, visit: number): string {
  const { number, heading, conversation, visits } = walk;
  const lines = [`walk ${number} (${heading}, connection ${conversation}), point ${visit + 1} of ${visits.length}`];
  for (const rewrite of walk.rewrites) {
    const here = rewrite.at === visit || (rewrite.at === walk.visits.length && visit === walk.visits.length - 1);
    if (here) lines.push(printRewrite(rewrite, rewrite.at === walk.visits.length));
    if (here && rewrite.rule) lines.push(`  rule: ${rewrite.rule.chains.join(' > ')} : ${rewrite.rule.text}`);
  }
  if (walk.end && visit === walk.visits.length - 1)
    lines.push(walk.end === 'host' ? 'end: for the host itself' : 'end: not seen any further');
  return lines.join('\n');
}

function printRewrite({ kind, field, before, after, evidence, at }: Rewrite, later: boolean): string {
  const where = later ? ' behind this point' : at === 0 ? ' before this point' : '';
  return `${kind}: ${field} ${printEndpoint(before)} -> ${printEndpoint(after)} (${evidence}${where})`;
}

export interface ReadComment {
  readonly walk: number;
  readonly heading: Walk['heading'];
  readonly conversation: number;
  /** From 0. */
  readonly visit: number;
  readonly rewrites: readonly Rewrite[];
  readonly end?: Walk['end'];
}

const kinds: readonly string[] = ['DNAT', 'SNAT', 'MASQUERADE', 'un-DNAT', 'un-SNAT'] satisfies RewriteKind[];

/** The other way round; undefined for a comment that is not ours. */
export function parseComment(comment: string): ReadComment | undefined {
  const [first = '', ...lines] = comment.split('\n');
  const [, walk, heading, conversation, point, points] =
    /^walk (\d+) \((in|out|between), connection (\d+)\), point (\d+) of (\d+)$/.exec(first) ?? [];
  if (walk === undefined) return undefined;
  const visit = Number(point) - 1;
  const rewrites: Rewrite[] = [];
  let end: Walk['end'];
  for (const line of lines) {
    const [, kind, field, before, after, evidence, where] =
      /^([\w-]+): (source|destination) (\S+) -> (\S+) \((conntrack|inferred)( behind| before)?(?: this point)?\)$/.exec(
        line,
      ) ?? [];
    const [, chains, text] = /^ {2}rule: (.*?) : (.*)$/.exec(line) ?? [];
    const last = rewrites.at(-1);
    if (kind !== undefined && kinds.includes(kind))
      rewrites.push({
        kind: kind as RewriteKind,
        field: field as Rewrite['field'],
        before: parseEndpoint(before!),
        after: parseEndpoint(after!),
        evidence: evidence as Rewrite['evidence'],
        at: where === ' behind' ? Number(points) : where === ' before' ? 0 : visit,
      });
    else if (text !== undefined && last)
      rewrites[rewrites.length - 1] = { ...last, rule: { chains: chains!.split(' > '), text } };
    else if (line.startsWith('end: ')) end = line.includes('host') ? 'host' : 'unseen';
  }
  return {
    walk: Number(walk),
    heading: heading as Walk['heading'],
    conversation: Number(conversation),
    visit,
    rewrites,
    ...(end && { end }),
  };
}

function parseEndpoint(text: string): Rewrite['before'] {
  const [, six, four, port] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(text) ?? [];
  const address = six ?? four;
  return address === undefined ? { address: text } : { address, port: Number(port) };
}
