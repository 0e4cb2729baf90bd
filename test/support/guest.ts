import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../../scripts/images/busybox.ts';
import { guestCheckout } from '../../scripts/vm/disk.ts';
import { guestKernel } from '../../scripts/vm/kernel.ts';
import { Machine } from '../../scripts/vm/machine.ts';
import { temporaryFolder } from './cleanup.ts';
import { freePort } from './registry.ts';
import { checkout, findProgram } from './requires.ts';

/** A virtual machine with minidock as it is built here, and the image `bb`. */
export interface Guest {
  machine: Machine;
  /** The port of 127.0.0.1 here that leads to the guest's 8080. */
  port: number;
  /** Runs a script in the guest; its output without the last newline. Throws unless it exits with 0. */
  ok(script: string): Promise<string>;
  /** Runs a test file of ours in the guest, under Node alone. Throws with its output unless all of it passes. */
  test(name: string): Promise<string>;
}

/** Boots it with the test files `tests`, by their paths here. The caller ends it. */
export async function bootGuest(tests: readonly string[]): Promise<Guest> {
  const folder = temporaryFolder('vm');
  const bundles: Record<string, string> = {};
  for (const path of tests) {
    const outfile = join(folder, `${path}.mjs`);
    // Below the checkout as deep as where requires.ts stands, since it looks for the checkout from where it is.
    bundles[guestPath(path)] = outfile;
    await build({
      ...{
        entryPoints: [join(checkout, path)],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        logLevel: 'error',
      },
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
  }
  const disk = join(folder, 'machine');
  mkdirSync(disk);
  const port = await freePort();
  const machine = await Machine.boot({
    folder: disk,
    kernel: guestKernel()!,
    busybox: findProgram('busybox')!,
    extras: { ...bundles, '/opt/bb.tar': (await busyboxImage()).rootfs },
    forwards: { [port]: 8080 },
  });
  const ok = async (script: string) => {
    const { code, stdout, stderr } = await machine.run(script);
    assert.is(code, 0, `${script}\n${stdout}${stderr}`);
    return stdout.replace(/\n$/, '');
  };
  await ok('minidock import -c \'CMD ["sh"]\' /opt/bb.tar bb');
  return { machine, port, ok, test: path => ok(`node ${guestPath(path)} 2>&1`) };
}

const guestPath = (path: string) => join(guestCheckout, 'test/support', `${path.replaceAll('/', '-')}.mjs`);
