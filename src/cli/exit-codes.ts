import { type ErrorCode, MinidockError } from '../errors.ts';

/** A mistake that the command line itself finds. It carries its exit code, which other rooms know nothing of. */
export class CommandLineError extends MinidockError {
  readonly exitCode: number;

  constructor(code: ErrorCode, message: string, options: { exitCode: number; fix?: string; cause?: unknown }) {
    super(code, message, options);
    this.exitCode = options.exitCode;
  }
}

/** A verb's exit codes for errors of the engine: by error code, and for all others; 1 by default. */
export type FailureCodes = { readonly [Code in ErrorCode]?: number } & { readonly otherwise?: number };

/** The exit code for an error, as Docker chooses it. */
export function exitCodeOf(error: unknown, failure: FailureCodes = {}): number {
  if (error instanceof CommandLineError) return error.exitCode;
  return failureCode(error instanceof MinidockError ? error.code : undefined, failure);
}

export function failureCode(code: ErrorCode | undefined, failure: FailureCodes = {}): number {
  return (code && failure[code]) ?? failure.otherwise ?? 1;
}
