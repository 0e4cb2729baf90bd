import { readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';

export interface Row {
  job: string;
  unit: 'ms' | 'kB';
  values: Record<string, number | undefined>;
}

export interface About {
  date: string;
  cpu: string;
  cores: number;
  kernel: string;
  system: string;
  node: string;
  versions: Record<string, string>;
  runs: { most: number; long: number };
}

export function machine(): Pick<About, 'date' | 'cpu' | 'cores' | 'kernel' | 'system' | 'node'> {
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? '?',
    cores: cpus().length,
    kernel: release(),
    system,
    node: process.versions.node,
  };
}

/** A Markdown table, its first column under `heading`; beside every other engine's figure stands minidock's share of it. */
export function table({ versions }: Pick<About, 'versions'>, rows: Row[], heading = 'job (median)'): string {
  const names = Object.keys(versions);
  const title = (name: string) => `${name} ${versions[name]}`;
  const lines = [
    [heading, ...names.map(title)],
    undefined,
    ...rows.map(row => [row.job, ...names.map(name => cell(row, name))]),
  ];
  const columns = names.map((_, index) => Math.max(...lines.map(line => line?.[index + 1]?.length ?? 0)));
  const first = Math.max(...lines.map(line => line?.[0]?.length ?? 0));
  const rule = [`${'-'.repeat(first)}`, ...columns.map(width => `${'-'.repeat(width - 1)}:`)];
  return lines
    .map(line =>
      line === undefined
        ? rule
        : [line[0]!.padEnd(first), ...line.slice(1).map((text, index) => text.padStart(columns[index]!))],
    )
    .map(cells => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** When, on what machine, and how often: what stands under the table of both READMEs, before the semicolon. */
export function facts({ date, cpu, cores, kernel, system, node, runs }: About): string {
  return `${date}, ${system}, Linux ${kernel}, ${cpu} × ${cores}, Node ${node}, ${runs.most} runs (${runs.long} of long jobs)`;
}

/** A README with these tables in place of those with the same heading, and these facts in place of the ones that it has. */
export function withFigures(readme: string, tables: readonly string[], newFacts: string): string {
  const heading = (block: string) => /^\| ([^|]*?) +\|/.exec(block)?.[1];
  const blocks = readme.split('\n\n');
  for (const table of tables) {
    const at = blocks.findIndex(block => heading(block) === heading(table));
    if (at === -1) throw new Error(`the README has no table of '${heading(table)}'`);
    blocks[at] = table;
  }
  const factsAt = blocks.findIndex(block => /^\d{4}-\d\d-\d\d, .*, Node [\d.]+/.test(block));
  if (factsAt === -1) throw new Error('the README has no line that says when the bench ran');
  blocks[factsAt] = blocks[factsAt]!.replace(/^[^;]*/, () => newFacts);
  return blocks.join('\n\n');
}

function cell(row: Row, name: string): string {
  const value = row.values[name];
  if (value === undefined) return '–';
  const shown = `${value < 10 ? value.toFixed(1) : Math.round(value)} ${row.unit}`;
  const ours = row.values.minidock;
  return name === 'minidock' || !ours ? shown : `${shown} (× ${(value / ours).toFixed(1)})`;
}
