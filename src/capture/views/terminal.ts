import { padTo, widthOf } from '../../syscalls/text/columns.ts';
import { wrapText } from '../../syscalls/text/width.ts';
import { type Endpoint, type Point, printEndpoint, type Rewrite, type Walk } from '../model.ts';
import { wordsFor } from '../packet/words.ts';
import { type Grid, gridOf, type Stretch, type Way, wayOf } from './way.ts';

const ink = { DNAT: '1;33', 'un-DNAT': '33', MASQUERADE: '1;35', SNAT: '1;35', 'un-SNAT': '35' } as const;
const [dim, bold, red] = ['2', '1', '1;31'];
/** The first columns of a line: `from `. */
const gutter = 5;

/**
 * The walk in the terminal: a column a point, a line a packet; its addresses where they are new, and the rule that changed
 * them the first time. Lines are text with colours where `colours`, plain otherwise.
 */
export class TerminalView {
  /** Title of each column, as it was printed last. */
  private titles: string[] = [];
  private readonly shownAddresses = new Set<string>();
  private readonly shownRules = new Set<string>();
  private began: bigint | undefined;

  constructor(
    private readonly points: readonly Point[],
    private readonly width: number,
    private readonly colours: boolean,
  ) {}

  /** The lines of a walk, each with its line end. */
  walk(walk: Walk): string {
    const way = wayOf(walk, this.points);
    const grid = gridOf(way, this.points);
    const column = Math.max(8, Math.floor((this.width - gutter) / grid.columns));
    const lines = [...this.header(way, grid, column), this.headline(walk, way)];
    lines.push(`${' '.repeat(gutter)}${this.track(way, grid, column)}`);
    const addresses = way.stops.map(stop => `${stop.name} ${text(stop.source)} ${text(stop.destination)}`).join(' ');
    if (!this.shownAddresses.has(addresses)) {
      for (const [name, field] of [
        ['from', 'source'],
        ['to', 'destination'],
      ] as const)
        lines.push(...this.row(name, way, grid, column, field));
      this.shownAddresses.add(addresses);
    }
    for (const rewrite of walk.rewrites) lines.push(...this.rule(rewrite));
    return `${lines.join('\n')}\n`;
  }

  /** The names of the columns, where one is not what it was. */
  private header({ stops }: Way, { places, columns }: Grid, column: number): string[] {
    const titles = this.titles.length === columns ? [...this.titles] : Array.from({ length: columns }, () => '');
    for (const [at, { name }] of stops.entries()) titles[places[at]!] = name;
    if (titles.join('\n') === this.titles.join('\n')) return [];
    this.titles = titles;
    const names = titles.map(name => padTo(shorten(name, column - 1), column)).join('');
    return ['', this.paint(bold, `${' '.repeat(gutter)}${names}`.trimEnd())];
  }

  private headline(walk: Walk, { stops }: Way): string {
    const { frame, packet } = walk.visits[0]!;
    this.began ??= frame.time;
    const seconds = (Number((frame.time - this.began) / 1000n) / 1e6).toFixed(6);
    const beyond = stops.at(-1)!.name;
    const end = walk.end === 'unseen' ? this.paint(red, `  not seen beyond ${beyond}`) : '';
    const number = `#${walk.number}`.padEnd(gutter - 1);
    const room = this.width - gutter - seconds.length - 4 - widthOf(end);
    return `${this.paint(bold, number)} ${this.paint(dim, `${seconds} s`)}  ${shorten(wordsFor(packet), room)}${end}`;
  }

  /** `●── DNAT 12 µs ─▶●───── 4 µs ─────▶●` */
  private track({ stops, stretches, leftward }: Way, { places }: Grid, column: number): string {
    const order = leftward ? [...stops.keys()].reverse() : [...stops.keys()];
    let drawn = '';
    for (const [nth, at] of order.entries()) {
      const before = order[nth - 1];
      const gap = before === undefined ? places[at]! : places[at]! - places[before]!;
      if (before === undefined) drawn += ' '.repeat(gap * column);
      else drawn += this.line(stretches[Math.min(before, at)]!, gap * column - 1, leftward);
      drawn += stops[at]!.point === undefined ? '○' : '●';
    }
    return drawn;
  }

  private line({ rewrites, nanoseconds }: Stretch, width: number, leftward: boolean): string {
    const kinds = labelOf(rewrites.map(({ kind }) => kind));
    const time = nanoseconds === undefined || nanoseconds < 0 ? '' : printTime(nanoseconds);
    const rounded = time.replace(/\.\d+/, '');
    const short = kinds.startsWith('un-') ? 'un-NAT' : kinds && 'NAT';
    const labels = [`${kinds} ${time}`.trim(), `${kinds} ${rounded}`.trim(), kinds || rounded, short, ''];
    const label = labels.find(one => widthOf(one) <= width - 4)!;
    const words = label === '' ? '' : ` ${label} `;
    const rest = width - 1 - widthOf(words);
    const [left, right] = ['─'.repeat(Math.floor(rest / 2)), '─'.repeat(Math.ceil(rest / 2))];
    const plain = leftward ? `◀${left}${words}${right}` : `${left}${words}${right}▶`;
    return this.paint(rewrites[0] ? ink[rewrites[0].kind] : dim, plain);
  }

  /** Addresses of one side under the stops where they are new. What is too long for a line begins another. */
  private row(
    name: string,
    { stops, stretches }: Way,
    { places }: Grid,
    column: number,
    field: Rewrite['field'],
  ): string[] {
    const placed: { at: number; text: string; colour?: string }[] = [];
    for (const [index, stop] of stops.entries()) {
      const before = index > 0 ? text(stops[index - 1]![field]) : '';
      const now = text(stop[field]);
      if (now === before || now === '') continue;
      const at = Math.max(0, Math.min(places[index]! * column, this.width - gutter - widthOf(now)));
      const rewrite = stretches[index - 1]?.rewrites.find(one => one.field === field);
      placed.push({ at, text: now, ...(rewrite && { colour: ink[rewrite.kind] }) });
    }
    placed.sort((a, b) => a.at - b.at);
    const lines: { plain: number; shown: string }[] = [];
    for (const { at, text, colour } of placed) {
      let line = lines.find(one => one.plain === 0 || one.plain + 1 <= at);
      if (line === undefined) {
        line = { plain: 0, shown: '' };
        lines.push(line);
      }
      line.shown += ' '.repeat(at - line.plain) + (colour ? this.paint(colour, text) : text);
      line.plain = at + widthOf(text);
    }
    return lines.map(({ shown }, index) => this.paint(dim, padTo(index === 0 ? name : '', gutter)) + shown);
  }

  /** Once for each rule. */
  private rule({ kind, before, after, rule, evidence }: Rewrite): string[] {
    const key = `${kind} ${kind.startsWith('un-') ? evidence : (rule?.text ?? `${text(before)} ${text(after)}`)}`;
    if (this.shownRules.has(key)) return [];
    this.shownRules.add(key);
    const how = evidence === 'conntrack' ? '' : ' (inferred: no connection table)';
    const by = kind.startsWith('un-')
      ? `the kernel takes the ${kind.slice(3)} of the connection back, by its table of connections${how}`
      : rule === undefined
        ? `${text(before)} becomes ${text(after)}: no rule of iptables says so${how}`
        : `nat ${rule.chains.join(' > ')}: ${rule.text.replace(/^-A \S+ /, '')}${how}`;
    return wrapText(`${kind}: ${by}`, this.width - gutter - 2).map((line, at) =>
      this.paint(ink[kind], `${' '.repeat(gutter)}${at === 0 ? '' : '  '}${line}`),
    );
  }

  private paint(code: string, words: string): string {
    return this.colours && words !== '' ? `\x1b[${code}m${words}\x1b[0m` : words;
  }
}

/** `DNAT+MASQ`, `un-DNAT+SNAT`: a stretch is not wide. */
function labelOf(kinds: readonly Rewrite['kind'][]): string {
  const all = [...new Set(kinds)].sort();
  if (all.length < 2) return all.join('');
  const undone = all.every(kind => kind.startsWith('un-'));
  const names = all.map(kind => (kind === 'MASQUERADE' ? 'MASQ' : undone ? kind.slice(3) : kind));
  return (undone ? 'un-' : '') + names.join('+');
}

const text = (endpoint: Endpoint | undefined) => (endpoint === undefined ? '' : printEndpoint(endpoint));

function printTime(nanoseconds: number): string {
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(nanoseconds < 1e4 ? 1 : 0)} µs`;
  return nanoseconds < 1e9 ? `${(nanoseconds / 1e6).toFixed(1)} ms` : `${(nanoseconds / 1e9).toFixed(1)} s`;
}

function shorten(words: string, width: number): string {
  return widthOf(words) <= width ? words : `${words.slice(0, Math.max(0, width - 1))}…`;
}
