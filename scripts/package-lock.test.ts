import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** What npm writes of a package (npm's own documentation: package-lock.json). */
interface Entry {
  version?: string;
  resolved?: string;
  integrity?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

const lock = readFileSync(fileURLToPath(new URL('../package-lock.json', import.meta.url)), 'utf8');
const packages: Record<string, Entry> = JSON.parse(lock).packages;
const installed = Object.entries(packages).filter(([path]) => path !== '');

/** Where Node looks from a package's folder: in its own node_modules, then in those above. */
function find(path: string, name: string): Entry | undefined {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const entry = packages[`${folder && `${folder}/`}node_modules/${name}`];
    if (entry || !folder) return entry;
  }
}

test('each dependency has an entry, other systems’ too: npm ci refuses the file otherwise', () => {
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter(name => !find(path, name))
      .map(name => `${path} -> ${name}`),
  );
  assert.equal(missing, []);
});

test('one of a package’s builds is for a machine: npm before 11.11 drops libc, and two are installed', () => {
  const ours = packages['']?.cpu ?? [];
  for (const [path, { optionalDependencies = {} }] of installed) {
    const builds = Object.keys(optionalDependencies).flatMap(name => {
      const { os, cpu, libc } = find(path, name) ?? {};
      return cpu?.some(name => ours.includes(name)) ? [[os, cpu, libc].join(' ')] : [];
    });
    assert.equal(builds, [...new Set(builds)], path);
  }
});

test('no entry names a mirror, and what is installed is compared with its hash', () => {
  // Where the file was made, the registry lacked these builds of Biome. Nothing but `npm run lint` on such a system runs them.
  const withoutHash = /^node_modules\/@biomejs\/cli-(android|darwin|win32|linux-\w+-musl)/;
  for (const [path, { resolved, integrity }] of installed) {
    if (resolved !== undefined) assert.match(resolved, /^https:\/\/registry\.npmjs\.org\//, path);
    if (!withoutHash.test(path)) assert.match(integrity ?? 'none', /^sha512-/, path);
  }
});

test.run();
