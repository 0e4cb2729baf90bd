import { type ErrorCode, MinidockError } from '../errors.ts';

/** A mistake that the command line itself finds. It has its own exit code: the rooms below know none. */
export class CommandLineError extends MinidockError {
  readonly exitCode: number;

  constructor(code: ErrorCode, message: string, options: { exitCode: number; fix?: string; cause?: unknown }) {
    super(code, message, options);
    this.exitCode = options.exitCode;
  }
}

/** A verb's exit codes where the engine fails: of some codes, and of all others; 1 where it has none of its own. */
export type FailureCodes = { readonly [Code in ErrorCode]?: number } & { readonly otherwise?: number };

/** What a process says of an error, as Docker chooses it. */
export function exitCodeOf(error: unknown, failure: FailureCodes = {}): number {
  if (error instanceof CommandLineError) return error.exitCode;
  const special = error instanceof MinidockError ? failure[error.code] : undefined;
  return special ?? failure.otherwise ?? 1;
}
