import type { Copy, Raw } from '../../dockerfile/instructions.ts';
import type { Tree } from './tree.ts';

/** What COPY and ADD work on. */
export interface CopyWork {
  readonly instruction: Copy;
  readonly tree: Tree;
  /** Directories of the image's layers, bottom first. */
  readonly layers: readonly string[];
  readonly workingDir: string;
  /** Seconds since 1970: of directories and here-documents that the copy makes. */
  readonly now: number;
  readonly abort?: AbortSignal | undefined;
  /** The build's own folder, for what ADD fetches. */
  readonly folder: string;
  /** Takes what is to be done once the layer is made. */
  after(action: () => void): void;
  word(part: Raw): string;
  lines(content: string): string;
  fail(part: Raw | undefined, reason: string, fix?: string): Error;
}
