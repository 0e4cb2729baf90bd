/**
 * The one error class users see. Every message is one line that names the thing, quotes the value and gives the reason;
 * `fix` is what to do about it.
 *
 * `code` is stable and for programs (`no-such-image`); `exitCode` is the process's, as Docker chooses it: 125 when the
 * engine failed, 126 and 127 when the command could not be executed or found, 1 for everything else.
 */
export class MinidockError extends Error {
  readonly code: string;
  readonly exitCode: number;
  readonly fix: string | undefined;

  constructor(code: string, message: string, options: { exitCode?: number; fix?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MinidockError';
    this.code = code;
    this.exitCode = options.exitCode ?? 1;
    this.fix = options.fix;
  }
}

/** The `code` of a Node system error (`ENOENT` …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
