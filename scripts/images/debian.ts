import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './layout.ts';

const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };

/** Where this machine's own apt takes its distribution from: never a name written here. */
export function aptSource(): { mirror: string; suite: string; components: string } {
  const format = '$(REPO_URI)\t$(CODENAME)\t$(COMPONENT)\t$(ORIGIN)\t$(SUITE)';
  const ask = () => must('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], { env: environment });
  let rows = ask();
  if (!rows.includes('\t')) {
    must('apt-get', ['update', '-q'], { env: environment });
    rows = ask();
  }
  const sources = rows
    .split('\n')
    .map(row => row.split('\t'))
    .filter(([, codename = '', , origin = '']) => /^(Debian|Ubuntu)$/.test(origin) && !codename.includes('-'));
  const [mirror = '', suite = ''] = sources[0] ?? [];
  if (mirror === '') throw new Error('apt has no Debian or Ubuntu source: see /etc/apt/sources.list');
  const components = sources.filter(row => row[0] === mirror && row[1] === suite).map(row => row[2]);
  return { mirror, suite, components: [...new Set(components)].join(',') };
}

/**
 * Downloads packages and what they depend on and this machine lacks, and unpacks them into `tree` without installing
 * anything. Resolves with the names of the packages.
 */
export function unpackPackages(packages: string[], scratch: string, tree: string): string[] {
  const simulate = () =>
    must('apt-get', ['install', '-s', '--no-install-recommends', ...packages], { env: environment });
  let plan: string;
  try {
    plan = simulate();
  } catch {
    must('apt-get', ['update', '-q'], { env: environment });
    plan = simulate();
  }
  const names = [...plan.matchAll(/^Inst (\S+)/gm)].map(match => match[1] ?? '');
  const wanted = [...new Set([...names, ...packages])];
  mkdirSync(scratch, { recursive: true });
  must('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', ...wanted], { cwd: scratch, env: environment });
  mkdirSync(tree, { recursive: true });
  for (const archive of readdirSync(scratch).filter(name => name.endsWith('.deb')))
    must('dpkg-deb', ['-x', join(scratch, archive), tree]);
  return wanted;
}
