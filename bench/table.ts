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
  runs: number;
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

/** A Markdown table; beside every other engine's figure stands minidock's share of it. */
export function table(about: About, rows: Row[]): string {
  const names = Object.keys(about.versions);
  const title = (name: string) => `${name} ${about.versions[name]}`;
  const lines = [
    ['job (median)', ...names.map(title)],
    ['---', ...names.map(() => '---:')],
    ...rows.map(row => [row.job, ...names.map(name => cell(row, name))]),
  ];
  const widths = names.map((_, index) => Math.max(...lines.map(line => line[index + 1]?.length ?? 0)));
  const first = Math.max(...lines.map(line => line[0]?.length ?? 0));
  const body = lines.map(
    ([job = '', ...cells]) =>
      `| ${job.padEnd(first)} | ${cells.map((text, index) => text.padStart(widths[index] ?? 0)).join(' | ')} |`,
  );
  const { date, cpu, cores, kernel, system, node, runs } = about;
  return [
    ...body,
    '',
    `${date}, ${system}, Linux ${kernel}, ${cpu} × ${cores}, Node ${node}; medians of ${runs} runs, 6 for pulls.`,
    '(× n): how many times as long, or as much, as minidock.',
  ].join('\n');
}

function cell(row: Row, name: string): string {
  const value = row.values[name];
  if (value === undefined) return '–';
  const shown = `${value < 10 ? value.toFixed(1) : Math.round(value)} ${row.unit}`;
  const ours = row.values.minidock;
  return name === 'minidock' || !ours ? shown : `${shown} (× ${(value / ours).toFixed(1)})`;
}
