#!/usr/bin/env node
/**
 * Makes a fresh clone ready: system packages, npm packages, the native build, the bundle. It says what it will do before
 * it does it, does nothing that is done, and runs on a machine with nothing but Node: no imports but Node's own.
 *
 *   node scripts/setup.mjs [--for build|lesson|lab|demo|images|test|vm|image|systemd|gate|bench]
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundle, buildNative, checkBuilt, checkPackage, installModules, isWritable } from './setup/builds.mjs';
import { checkpoint, run } from './setup/exec.mjs';
import { checkKernel, checkPlatform, checkRoot } from './setup/host.mjs';
import { fetchKernel } from './setup/kernel.mjs';
import { withSetupLock } from './setup/lock.mjs';
import { installPackages, purposes } from './setup/packages.mjs';
import { Interrupted, SetupError } from './setup/say.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.cache');
const typed = {
  test: 'npm test',
  vm: 'npm run test:vm',
  systemd: 'npm run test:systemd',
  gate: 'bash .ci/run',
  build: 'npm run build',
};

async function main(args) {
  const purpose = args[0] === '--for' ? args[1] : args.length === 0 ? 'build' : undefined;
  if (!purposes.includes(purpose))
    throw new SetupError(`setup takes --for and one of ${purposes.join(', ')}, not "${args.join(' ')}"`);
  checkPlatform();
  // The list and the texts are for everybody, and so are lessons where user namespaces are allowed: each says what it lacks.
  const reader = (purpose === 'lesson' || purpose === 'lab') && process.geteuid() !== 0;
  if (purpose !== 'build' && !reader) {
    checkRoot(typed[purpose] ?? `npm run ${purpose}`);
    await checkKernel(run);
  }
  if (reader && !isWritable(root)) {
    checkBuilt(root);
    return;
  }
  await withSetupLock(root, async () => {
    if (!existsSync(join(root, 'package-lock.json'))) {
      checkPackage(root);
      return;
    }
    if (!reader) await installPackages(purpose, cache);
    if (['vm', 'systemd', 'gate'].includes(purpose)) await fetchKernel(cache);
    await installModules(root);
    await buildNative(root);
    await buildBundle(root);
  });
  checkpoint();
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof Interrupted) {
    process.exitCode = error.exitCode;
  } else if (error instanceof SetupError) {
    if (error.detail) process.stderr.write(`${error.detail}\n\n`);
    process.stderr.write(`setup: ${error.message}\n${error.fix ? `  fix: ${error.fix}\n` : ''}`);
    process.exitCode = 1;
  } else {
    const reason = error.code ? `${error.code}: ${error.message}` : error.stack;
    process.stderr.write(`setup: ${reason}\n`);
    process.exitCode = 1;
  }
}
