import type { Mount } from '../../dockerfile/instructions.ts';
import type { Scope } from '../../storage/scope/scope.ts';
import type { Ignore } from '../ignore.ts';

/** A secret of `--secret`: a file of the host, or a text. */
export type Secret = { readonly file: string } | { readonly value: string };

/** What mounts can come from. */
export interface MountSources {
  readonly root: string;
  readonly abort: AbortSignal | undefined;
  readonly context: { readonly scope: Scope; readonly directory: string } | undefined;
  readonly ignore: Ignore;
  readonly secrets: Readonly<Record<string, Secret>>;
  /** The build's own folder, for copies that live as long as a step. */
  readonly folder: string;
  /** One in memory, for secrets. */
  readonly memory: () => string;
  /** Directories of the layers that `from=` names. */
  layers(from: string): Promise<readonly string[]>;
}

/** One `--mount`, its variables replaced. */
export interface Asked {
  readonly mount: Mount;
  option(name: string): string | undefined;
  isOn(name: string): boolean;
  fail(reason: string, fix?: string): Error;
}

/** Takes what is to be done once the step is over. */
export type After = (action: () => void) => void;
