import { MinidockError } from '../errors.ts';
import { hintFor } from './hints.ts';
import { lessonName } from './lessons.ts';
import { printStep } from './print.ts';
import type { Report } from './protocol.ts';
import type { Program, Step } from './step.ts';
import { errnoName } from './uapi/errno.ts';

/** A step that the kernel refused. It names itself: `mount("overlay", …) = EINVAL (child step 12, lesson 11-overlay-layers)`. */
export class StepError extends MinidockError {
  readonly step: Step;
  readonly section: Report['section'];
  /** The kernel's errno name; `unexpected` for an expect that found other bytes. */
  readonly errno: string;
  /** Up to eight bytes that an expect found, little-endian. */
  readonly seen: bigint;

  constructor(step: Step, report: Report) {
    const errno = report.result < 0 ? errnoName(-report.result) : 'unexpected';
    const answer = step.op === 'expect' ? `found 0x${report.seen.toString(16)}` : `= ${errno}`;
    const lesson = step.lesson ? `, lesson ${lessonName(step.lesson)}` : '';
    super('step-failed', `${printStep(step)} ${answer} (${report.section} step ${report.index + 1}${lesson})`, {
      fix: hintFor(step, errno),
    });
    this.step = step;
    this.section = report.section;
    this.errno = errno;
    this.seen = report.seen;
  }
}

/**
 * The command could not be executed (126) or was not found (127). As in Docker, a name that was looked for in PATH
 * counts as not found if PATH has no executable file of that name; a file without the right to execute does not count.
 */
export class ExecError extends MinidockError {
  constructor(command: string, errnos: readonly string[]) {
    const isPath = command.includes('/');
    const telling = errnos.find(name => !absent.has(name) && (isPath || !closed.has(name)));
    const denied = errnos.some(name => closed.has(name));
    const missing = telling === undefined && !(isPath && denied);
    const reason =
      telling !== undefined
        ? (reasons[telling] ?? telling)
        : isPath
          ? 'no such file or directory'
          : 'executable file not found in $PATH';
    super(missing ? 'command-not-found' : 'command-not-executable', `exec: ${JSON.stringify(command)}: ${reason}`, {
      fix:
        missing && denied && command !== ''
          ? 'a file of that name in PATH may not be executed: see its mode'
          : undefined,
    });
  }
}

const absent = new Set(['ENOENT', 'ENOTDIR']);
const closed = new Set(['EACCES', 'ELOOP']);

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  ENOEXEC: 'exec format error: it is neither a program for this machine nor a script with a #! line',
  ELOOP: 'too many levels of symbolic links',
  E2BIG: 'argument list too long',
};

/** The error for a failed report of `program`. */
export function stepError(program: Program, report: Report): StepError {
  const step = program[report.section][report.index];
  if (step === undefined)
    throw new Error(`the shim reports a ${report.section} step ${report.index} that is not in the program`);
  return new StepError(step, report);
}
