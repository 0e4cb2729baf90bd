import { printProgram, printResult, printStep, programToJson } from '../syscalls/print.ts';
import type { StepEvent } from '../syscalls/shim.ts';
import type { Program } from '../syscalls/step.ts';
import type { Output } from './output.ts';

/** `--dry-run`: the program folded to a line a group, unfolded, or as data. */
export function showProgram(program: Program, form: 'folded' | 'full' | 'json'): string {
  if (form === 'json') return `${JSON.stringify(programToJson(program), null, 2)}\n`;
  return printProgram(program, { unfold: form === 'full' });
}

/** `--trace`: each step on standard error, as strace would show it, with the lesson that explains it. */
export function traceTo(output: Output): (event: StepEvent) => void {
  return ({ step, report }) => {
    const lesson = step.lesson === undefined ? '' : `  [${step.lesson}]`;
    const answer = step.op === 'syscall' ? ` ${printResult(report.result, report.result < 0)}` : '';
    output.err(`${report.section.padEnd(5)} ${printStep(step)}${answer}${lesson}\n`);
  };
}
