import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Builder, BuildOptions, BuiltImage } from '../../../engine/nouns/builder.ts';
import { removeTree } from '../../../state/remove-tree.ts';
import { unpackContext } from '../build/context.ts';

/** What a client sends: the contents of secrets, where the files are its own. */
export type SentBuild = Omit<BuildOptions, 'secrets'> & {
  readonly secrets: Readonly<Record<string, Buffer | undefined>>;
};

/** Builds with a context and secrets that the client sent: they are files here for as long as it takes. */
export async function buildFrom(
  builder: Builder,
  [options, tell]: readonly unknown[],
  archive: AsyncIterable<Buffer>,
  abort: AbortSignal,
): Promise<BuiltImage> {
  const sent = options as SentBuild;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-build-'));
  try {
    const context = path.join(folder, 'context');
    if (sent.context !== undefined) {
      fs.mkdirSync(context);
      await unpackContext(context, archive);
    }
    const secrets = Object.entries(sent.secrets).map(([id, content], number) => {
      const file = path.join(folder, `secret-${number}`);
      if (content !== undefined) fs.writeFileSync(file, content, { mode: 0o600 });
      return [id, { file }];
    });
    const own = {
      ...sent,
      secrets: Object.fromEntries(secrets),
      ...(sent.context !== undefined && { context }),
      abort,
    };
    return await builder.build(own, tell as Parameters<Builder['build']>[1]);
  } finally {
    removeTree(folder);
  }
}
