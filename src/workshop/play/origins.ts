import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import chalk from 'chalk';
import { whileWatched } from '../../syscalls/calls.ts';
import { printStep } from '../../syscalls/print.ts';
import { type Program, type Step, sectionNames } from '../../syscalls/step.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { wrapText } from '../text/width.ts';
import { words } from '../text/words.ts';

const checkout = fileURLToPath(new URL('../../../', import.meta.url));
/** Where steps are built for others: who called it is meant. */
const builders: readonly string[] = ['src/syscalls/calls.ts', 'src/network/netlink/netlink.ts'];
const interpreter = 'native/interpret.c';

/** A line of a file of the checkout. */
export interface SourceLine {
  /** Relative to the checkout. */
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/**
 * Composes a program and gives the line of TypeScript that made each of its steps: the innermost caller of the builders of
 * src/syscalls/calls.ts and of routing messages. A step that was made in another way (a copy of one) has none.
 */
export function originsOf(compose: () => Program): { program: Program; origins: Map<Step, SourceLine> } {
  const origins = new Map<Step, SourceLine>();
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  try {
    const program = whileWatched(step => {
      const origin = callerOf(new Error('where').stack ?? '');
      if (origin) origins.set(step, origin);
    }, compose);
    return { program, origins };
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** The lines of C that perform a step; src/syscalls and the shim have one protocol for all of its kind. */
export function performersOf(step: Step): SourceLine[] {
  switch (step.op) {
    case 'syscall':
      return [
        lineOf(interpreter, 'return sys6('),
        ...(step.forks ? [lineOf(interpreter, '\t\t\tbecome_child(m);')] : []),
      ];
    case 'store':
      return [lineOf(interpreter, '\t\tdo_store(m, s);')];
    case 'expect':
      return [lineOf(interpreter, 'if (s->op == OP_EXPECT')];
    default:
      return [lineOf(interpreter, '\t\treport(m, SYNC')];
  }
}

/**
 * Each step of a program with the line that made it, where one line made several after the last of them; then the lines of C
 * that perform them.
 *
 * @param hides see `Lesson.hides`
 */
export function showOrigins(
  compose: () => Program,
  terminal: Terminal,
  language: Language,
  hides: (step: Step) => boolean = () => false,
): void {
  const { program, origins } = originsOf(compose);
  const performers = new Map<string, SourceLine>();
  const steps = sectionNames.flatMap(section => program[section]).filter(step => !hides(step));
  for (const [at, step] of steps.entries()) {
    for (const [i, line] of wrapText(printStep(step, true), terminal.width).entries())
      terminal.line(i === 0 ? line.replace(/^\w+/, name => chalk.bold(name)) : `  ${line}`);
    const origin = origins.get(step);
    const next = steps[at + 1] && origins.get(steps[at + 1]!);
    if (origin && !(next?.file === origin.file && next.line === origin.line)) showLine(origin, terminal);
    for (const one of performersOf(step)) performers.set(`${one.file}:${one.line}`, one);
  }
  terminal.line();
  terminal.paragraph(words.performed[language]);
  for (const one of performers.values()) showLine(one, terminal);
}

function showLine({ file, line, text }: SourceLine, terminal: Terminal): void {
  const place = `${file}:${line}`;
  const [first = '', ...rest] = wrapText(text, terminal.width - 6);
  if (place.length + first.length + 8 <= terminal.width && rest.length === 0) {
    terminal.line(`    ${chalk.dim(place)}  ${chalk.cyan(first)}`);
    return;
  }
  for (const part of wrapText(place, terminal.width - 4)) terminal.line(`    ${chalk.dim(part)}`);
  for (const part of [first, ...rest]) terminal.line(`      ${chalk.cyan(part)}`);
}

function callerOf(stack: string): SourceLine | undefined {
  for (const frame of stack.split('\n')) {
    const found = /(?:file:\/\/)?(\/[^()]*):(\d+):\d+\)?$/.exec(frame);
    if (!found) continue;
    const file = path.relative(checkout, decodeURI(found[1]!));
    if (builders.includes(file) || file === 'src/workshop/play/origins.ts' || !/^(src|lessons)\//.test(file)) continue;
    const line = Number(found[2]);
    return { file, line, text: linesOf(file)[line - 1]?.trim() ?? '' };
  }
  return undefined;
}

/** The one line of a file that holds `content`. */
function lineOf(file: string, content: string): SourceLine {
  const lines = linesOf(file);
  const index = lines.findIndex(line => line.includes(content));
  return { file, line: index + 1, text: lines[index]?.trim() ?? '' };
}

function linesOf(file: string): string[] {
  return fs.readFileSync(path.join(checkout, file), 'utf8').split('\n');
}
