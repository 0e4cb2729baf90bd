import fs from 'node:fs';
import { Readable } from 'node:stream';
import { nothingIgnored, readIgnore } from '../../build/ignore.ts';
import type { Builder, BuildOptions } from '../../engine/nouns/builder.ts';
import { packTree } from '../../storage/scope/pack.ts';
import { Scope } from '../../storage/scope/scope.ts';

/** Sends the context as an archive, without what .dockerignore leaves out, and what secrets hold. */
export async function sendBuild(
  builder: Builder,
  options: BuildOptions,
  tell: Parameters<Builder['build']>[1],
): ReturnType<Builder['build']> {
  const secrets = Object.entries(options.secrets).map(([id, secret]) => [
    id,
    'file' in secret ? contentOf(secret.file) : Buffer.from(secret.value),
  ]);
  const scope = options.context === undefined ? undefined : new Scope(options.context);
  try {
    const sent = { ...options, secrets: Object.fromEntries(secrets) };
    const send = builder.build as (...args: unknown[]) => ReturnType<Builder['build']>;
    return await send(sent, tell, scope === undefined ? Readable.from([]) : pack(scope, options.ignore));
  } finally {
    scope?.close();
  }
}

function pack(scope: Scope, ignore: string | undefined): AsyncGenerator<Buffer> {
  const { leavesOut, hasExceptions } = ignore === undefined ? nothingIgnored : readIgnore(ignore);
  return packTree({
    ...{ scope, names: [], as: '' },
    change: entry =>
      leavesOut(entry.name.replace(/\/$/, '')) && !(hasExceptions && entry.type === 'directory') ? [] : [entry],
  });
}

/** Undefined where the file cannot be read: a step that needs it reports that. */
function contentOf(file: string): Buffer | undefined {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}
