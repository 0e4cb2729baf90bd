import { MinidockError } from '../errors.ts';
import { errnoName } from './errno.ts';
import { hintFor } from './hints.ts';
import { printStep } from './print.ts';
import type { Report } from './protocol.ts';
import type { Program, Step } from './step.ts';

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
    const lesson = step.lesson ? `, lesson ${step.lesson}` : '';
    super('step-failed', `${printStep(step)} ${answer} (${report.section} step ${report.index + 1}${lesson})`, {
      exitCode: 125,
      fix: hintFor(step, errno),
    });
    this.step = step;
    this.section = report.section;
    this.errno = errno;
    this.seen = report.seen;
  }
}

/** The command could not be executed: no entry of PATH had it (127), or one that did may not be executed (126). */
export class ExecError extends MinidockError {
  constructor(command: string, errnos: readonly string[]) {
    const telling = errnos.find(name => name !== 'ENOENT' && name !== 'ENOTDIR' && name !== 'EACCES');
    const missing = telling === undefined && !errnos.includes('EACCES');
    const reason =
      telling !== undefined
        ? (reasons[telling] ?? telling)
        : !missing
          ? 'permission denied'
          : command.includes('/')
            ? 'no such file or directory'
            : 'executable file not found in $PATH';
    super(missing ? 'command-not-found' : 'command-not-executable', `exec: "${command}": ${reason}`, {
      exitCode: missing ? 127 : 126,
    });
  }
}

const reasons: Record<string, string> = {
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
