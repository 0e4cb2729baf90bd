import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import chalk from 'chalk';
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

function row(name: string, value: string, hint = ''): void {
  console.log(`  ${name.padEnd(28)} ${value}${hint ? chalk.dim(`  ${hint}`) : ''}`);
}

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
  row('config', record.Image);
  for (const layer of layersOf(engine.root, record.Image)) row('layer', layer);

  heading('Namespaces');
  row('', `${'host'.padEnd(12)} container`);
  for (const { type, host, container } of facts.namespaces)
    row(type, `${host.padEnd(12)} ${container}`, host === container ? 'shared with the host' : '');
  facts.processes.forEach((line, index) => {
    row(index === 0 ? 'pid on host → in container' : '', line);
  });

  heading('Cgroup');
  for (const { path, controllers } of facts.cgroups) row(controllers, path);
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
  for (const rule of nat) console.log(`  iptables ${rule}`);
  console.log(
    chalk.dim(`  and ${rules.length - nat.length} rules in the raw and filter tables: iptables-save shows them`),
  );
}

export function showPage(page: Page): void {
  heading('Response');
  console.log(`  HTTP ${page.status}`);
  for (const [name, value] of page.headers) row(name, value);
  console.log(page.body.trimEnd().replace(/^/gm, chalk.dim('  │ ')));
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
