import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
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
  /** Runs a test file of ours in the guest, under Node alone, in `seconds` at most. Throws with its output unless all of it passes. */
  test(name: string, options?: { env?: Readonly<Record<string, string>>; seconds?: number }): Promise<string>;
}

/**
 * Boots it with the test files `tests` and more folders of this checkout, by their paths here, and with programs of this host. The caller
 * ends it.
 */
export async function bootGuest(
  tests: readonly string[],
  more: { folders?: readonly string[]; programs?: readonly string[] } = {},
): Promise<Guest> {
  const folder = temporaryFolder('vm');
  const bundles: Record<string, string> = {};
  for (const path of tests) {
    const outfile = join(folder, `${path}.mjs`);
    bundles[guestPath(path)] = outfile;
    await build({
      ...{
        entryPoints: [join(checkout, path)],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        logLevel: 'error',
        plugins: [asInGuest],
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
    programs: more.programs,
    extras: {
      ...bundles,
      '/opt/bb.tar': (await busyboxImage()).rootfs,
      ...Object.fromEntries((more.folders ?? []).map(name => [join(guestCheckout, name), join(checkout, name)])),
    },
    forwards: { [port]: 8080 },
  });
  const ok = async (script: string, seconds?: number) => {
    const { code, stdout, stderr } = await machine.run(script, seconds);
    assert.is(code, 0, `${script}\n${stdout}${stderr}`);
    return stdout.replace(/\n$/, '');
  };
  await ok('minidock import -c \'CMD ["sh"]\' /opt/bb.tar bb');
  const test: Guest['test'] = (path, { env = {}, seconds } = {}) =>
    ok(
      [...Object.entries(env).map(([name, value]) => `${name}=${value}`), 'node', guestPath(path), '2>&1'].join(' '),
      seconds,
    );
  return { machine, port, ok, test };
}

const guestPath = (path: string) => `/opt/${path.replaceAll('/', '-')}.mjs`;

/** One file of many: each module looks for files from where its source is, in the guest's checkout. */
const asInGuest: Plugin = {
  name: 'as-in-guest',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        JSON.stringify(`file://${join(guestCheckout, relative(checkout, path))}`),
      ),
      loader: 'ts',
    })),
};
