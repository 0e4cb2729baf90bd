import { fileURLToPath } from 'node:url';

/** The pages' script: one file for browsers of the last years, without a module loader, which a disk's pages may not use. */
export async function buildClient(): Promise<string> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('client/main.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2020',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}
