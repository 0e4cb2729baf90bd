import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import chalk from 'chalk';
import { breakLine } from '../../src/syscalls/print.ts';
import type { DemoEngine } from './engine.ts';
import type { ContainerFacts } from './facts.ts';

const phases: [string, number][] = [];

/** Runs one phase of the demo and remembers how long it took. */
export async function phase<T>(name: string, action: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await action();
  } finally {
    phases.push([name, performance.now() - began]);
  }
}

export function timings(): void {
  heading('How long it took');
  for (const [name, milliseconds] of phases) row(name, `${Math.round(milliseconds)} ms`);
}

export function heading(text: string): void {
  console.log(`\n${chalk.bold.cyan(text)}`);
}

const label = 16;

function row(name: string, value: string, hint = ''): void {
  const shown = hung(value, label + 3);
  console.log(`  ${chalk.dim(name.padEnd(label))} ${shown}${hint ? chalk.dim(`  ${hint}`) : ''}`);
}

/** Broken to fit a terminal, further lines `indent` columns in. */
function hung(text: string, indent: number): string {
  const width = Math.max((process.stdout.columns ?? Infinity) - indent, 20);
  return breakLine(text, width).join(`\n${' '.repeat(indent)}`);
}

/** Digests and ids as Docker shows them, by their first 12 digits. */
const short = (text: string) => text.replace(/([0-9a-f]{12})[0-9a-f]{52}/g, '$1…');

export interface Page {
  status: number;
  headers: [string, string][];
  body: string;
}

/** The server needs a moment after its execve: tries for five seconds. */
export async function fetchPage(url: string): Promise<Page> {
  const deadline = Date.now() + 5000;
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
      return { status: response.status, headers: [...response.headers], body: await response.text() };
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`${url} does not answer: ${(error as Error).cause ?? error}`);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }
}

interface Shown {
  engine: DemoEngine;
  // biome-ignore lint/suspicious/noExplicitAny: what `minidock inspect` prints, in Docker's form
  record: any;
  facts: ContainerFacts;
  rules: string[];
}

export function showFacts({ engine, record, facts, rules }: Shown): void {
  heading('Image');
  row('name', record.Config.Image);
  row('config', short(record.Image));
  for (const layer of layersOf(engine.root, record.Image)) row('layer', short(layer));

  heading('Namespaces');
  row('', `${'host'.padEnd(12)} container`);
  for (const { type, host, container } of facts.namespaces)
    row(type, `${host.padEnd(12)} ${container}`, host === container ? 'shared with the host' : '');
  facts.processes.forEach((line, index) => {
    row(index === 0 ? 'PID → inside' : '', line);
  });

  heading('Cgroup');
  for (const { path, controllers } of facts.cgroups) {
    row('group', short(path));
    row('controllers', controllers);
  }
  if (facts.memory) row('memory in use', facts.memory);

  heading('Network');
  row('address', `${addressOf(record)} (gateway ${record.NetworkSettings.Gateway || 'the bridge'})`);
  if (facts.veth) {
    const { inside, insideIndex, outside, outsideIndex, mac } = facts.veth;
    row(
      'veth pair',
      `${inside} (index ${insideIndex}, ${mac}) ↔ ${outside} (index ${outsideIndex}) on ${engine.bridge}`,
    );
  }
  const nat = rules.filter(rule => rule.startsWith('-t nat'));
  for (const rule of nat) console.log(`  ${hung(`iptables ${rule}`, 4)}`);
  console.log(chalk.dim(`  and ${rules.length - nat.length} in the raw and filter tables: iptables-save shows them`));
}

export function showPage(page: Page): void {
  heading('Response');
  console.log(`  HTTP ${page.status}`);
  for (const [name, value] of page.headers) row(name, value);
  for (const line of page.body.trimEnd().split('\n'))
    for (const part of breakLine(line, Math.max((process.stdout.columns ?? Infinity) - 4, 20)))
      console.log(`${chalk.dim('  │ ')}${part}`);
}

function addressOf(record: Shown['record']): string {
  return record.NetworkSettings.IPAddress || record.NetworkSettings.Networks?.bridge?.IPAddress || '?';
}

/** Layers of the stored image: diff IDs from its config blob, which is content-addressed and so found by its digest. */
function layersOf(root: string, imageId: string): string[] {
  try {
    const blob = join(root, 'images/blobs/sha256', imageId.replace('sha256:', ''));
    return JSON.parse(readFileSync(blob, 'utf8')).rootfs.diff_ids;
  } catch {
    return [];
  }
}
