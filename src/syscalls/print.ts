import type { Data } from './data.ts';
import { type LessonSlug, lessonName } from './lessons.ts';
import { type Arg, type Program, type Step, sectionNames } from './step.ts';
import type { Language, Text } from './text/language.ts';
import { wrapText } from './text/width.ts';
import { type Errno, errnoName } from './uapi/errno.ts';
import { type Show, signatureOf } from './uapi/signatures.ts';

/**
 * A step as strace would show it: `mount("overlay", "rootfs", "overlay", MS_NODEV, "lowerdir=…")`.
 *
 * @param brief ids of containers and layers as their first 12 digits
 */
export function printStep(step: Step, brief = false): string {
  const shorten = (text: string) => cut(brief ? shortIds(text) : text);
  switch (step.op) {
    case 'syscall': {
      const shows = signatureOf(step.name);
      const args = step.args.map((arg, i) => printArg(arg, step.args, shows[i], shorten));
      return `${step.name}(${args.join(', ')})${step.save ? ` → ${step.save.name}` : ''}`;
    }
    case 'store':
      return `store ${step.from.name} in ${shorten(step.into.text)}${step.at ? ` at ${step.at}` : ''} as ${step.as}`;
    case 'expect':
      return `expect ${hex(step.value, step.mask)} in ${shorten(step.data.text)}${step.at ? ` at ${step.at}` : ''}`;
    case 'sync':
      return 'sync';
  }
}

function printArg(arg: Arg, args: readonly Arg[], show?: Show | null, shorten = cut): string {
  if (typeof arg === 'bigint') return `0x${arg.toString(16)}`;
  if (typeof arg === 'number') return show ? show(arg, args) : String(arg);
  return arg.kind === 'data' ? shorten(arg.text) : arg.name;
}

const LONGEST = 160;

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…${text.startsWith('"') ? '"' : ''}`;
}

/** Ids of 64 digits as the 12 that `ps` shows. */
export const shortIds = (text: string) => text.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1…');

/** Whether the program went on after this answer: a result, or an errno that the step names. */
export function goesOn(step: Step, { result, seen }: { result: number; seen: bigint }): boolean {
  if (step.op === 'syscall') return result >= 0 || (step.tolerate?.includes(errnoName(-result) as Errno) ?? false);
  return step.op !== 'expect' || (seen & numberOf(step.mask)) === numberOf(step.value);
}

/** As the interpreter compares them: little-endian. */
const numberOf = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

function hex(value: Uint8Array, mask: Uint8Array): string {
  const digits = Buffer.from(value)
    .reverse()
    .toString('hex')
    .replace(/^0+(?=.)/, '');
  const full = mask.every(byte => byte === 0xff);
  return full ? `0x${digits}` : `0x${digits} (mask 0x${Buffer.from(mask).reverse().toString('hex')})`;
}

/** What the kernel answered: `= 0`, `= 7`, `= ENOENT (tolerated)`. */
export function printResult(result: number | bigint, tolerated = false): string {
  const value = Number(result);
  if (value < 0 && value >= -4095) return `= ${errnoName(-value)}${tolerated ? ' (tolerated)' : ''}`;
  return `= ${value}`;
}

/** One line of a listing: a single step, or a folded group. */
export interface Line {
  /** Index of the first step in its section. */
  index: number;
  steps: readonly Step[];
  group?: string;
}

/** Steps of one group that follow each other, as one line; each step a line where `unfold`. */
export function foldLines(steps: readonly Step[], unfold: boolean): Line[] {
  const lines: { index: number; steps: Step[]; group?: string }[] = [];
  for (const [index, step] of steps.entries()) {
    const last = lines.at(-1);
    if (!unfold && step.group !== undefined && last?.group === step.group) last.steps.push(step);
    else lines.push({ index, steps: [step], group: step.group });
  }
  return lines;
}

export interface PrintOptions {
  /** A line a step; else a line a group, and ids of containers and layers as their first 12 digits. */
  unfold: boolean;
  /** Of the reasons. */
  language?: Language;
  /** Breaks lines that are longer, in characters. */
  columns?: number;
  /** Colours a part on a terminal. Gets one line at a time. */
  paint?: (part: 'section' | 'call' | 'why' | 'lesson', text: string) => string;
}

/** The whole program for `--dry-run`: a line a step or folded group with its lesson, and its reason below. */
export function printProgram(
  program: Program,
  { unfold, language = 'en', columns = Infinity, paint }: PrintOptions,
): string {
  const out: string[] = [];
  const add = (part: Parameters<NonNullable<PrintOptions['paint']>>[0], head: string, indent: string, text: string) => {
    const width = Math.max(columns - indent.length, 20);
    const lines = part === 'why' ? wrapText(text, width) : breakLine(text, width);
    for (const [i, line] of lines.entries()) out.push(`${i === 0 ? head : indent}${paint ? paint(part, line) : line}`);
  };
  const indent = ' '.repeat(7);
  for (const name of sectionNames) {
    const steps = program[name];
    if (steps.length === 0) continue;
    add('section', '', '', `${name} section, ${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`);
    for (const line of foldLines(steps, unfold)) {
      const { why, lesson: taught } = reasonOf(line);
      add('call', `  ${String(line.index + 1).padStart(3)}  `, `${indent}  `, printLine(line, !unfold));
      const lesson = taught ? `  [${lessonName(taught)}]` : '';
      const last = out.length - 1;
      if (visible(out[last]!) + lesson.length <= columns) out[last] += paint ? paint('lesson', lesson) : lesson;
      else add('lesson', indent, indent, lesson.trim());
      add('why', indent, indent, unfold ? why[language] : shortIds(why[language]));
    }
  }
  return `${out.join('\n')}\n`;
}

/** A line of a listing, without its number and its reason. */
export function printLine(line: Line, brief: boolean): string {
  return isFolded(line) ? `${printGroup(line)}  ${countCalls(line.steps)}` : printStep(line.steps[0]!, brief);
}

export const isFolded = ({ steps, group }: Line) => steps.length > 1 && group !== undefined;

/** A folded group's name and size: `mount /proc ×4`. */
export const printGroup = ({ steps, group }: Line) => `${shortIds(group ?? '')} ×${steps.length}`;

/**
 * What a line is for, and the lesson about it. For a single step that is its own reason, even where it is the only step
 * of a group.
 */
export function reasonOf(line: Line): { why: Text; lesson?: LessonSlug } {
  const { why, lesson } = tellingStep(line);
  const whole = isFolded(line) ? line.steps.find(step => step.groupWhy !== undefined)?.groupWhy : undefined;
  return { why: whole ?? why, lesson };
}

/**
 * The step of a group whose reason explains the whole group: mostly the first, but where a mount point is made before a
 * mount, the mount.
 */
function tellingStep({ steps }: Line): Step {
  const purposes = ['mount', 'move_mount', 'sendto'];
  return steps.find(step => step.op === 'syscall' && purposes.includes(step.name)) ?? steps[0]!;
}

/** Breaks at spaces; a long word after one of its separators, or where it has none, anywhere. */
export function breakLine(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const after = ['/', ',', '|'].map(separator => rest.lastIndexOf(separator, width - 1) + 1);
    const at = [rest.lastIndexOf(' ', width), Math.max(...after)].find(place => place > width / 2) ?? width;
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  return [...lines, rest];
}

/** How many characters are visible: escape sequences of colours do not count. */
export const visible = (line: string) => line.replace(/\x1b\[[\d;]*m/g, '').length;

function countCalls(steps: readonly Step[]): string {
  const counts = new Map<string, number>();
  for (const step of steps) {
    const name = step.op === 'syscall' ? step.name : step.op;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name}×${count}`)).join(' ');
}

/**
 * The program as data, for `--dry-run=json` and for golden files: everything that is executed, readably. Its reasons are the
 * English ones, as a string: scripts read this.
 */
export function programToJson(program: Program): Record<string, unknown> {
  const sections = sectionNames
    .filter(name => program[name].length > 0)
    .map(name => [name, program[name].map(stepToJson)] as const);
  return {
    ...Object.fromEntries(sections),
    ...(program.supervise && {
      supervise: Object.fromEntries(
        Object.entries(program.supervise).map(([role, arg]) => [role, printArg(arg as Arg, [])]),
      ),
    }),
  };
}

/** A step as `--dry-run=json` prints it. */
export function stepToJson(step: Step): Record<string, unknown> {
  const { why, lesson, group } = step;
  const reason = { why: why.en, ...(lesson && { lesson }), ...(group && { group }) };
  if (step.op === 'syscall')
    return {
      call: step.name,
      args: step.args.map((arg, i) => argToJson(arg, step.args, signatureOf(step.name)[i])),
      ...(step.save && { save: step.save.name }),
      ...(step.tolerate?.length && { tolerate: step.tolerate }),
      ...reason,
    };
  if (step.op === 'store')
    return { op: 'store', from: step.from.name, into: step.into.text, at: step.at, as: step.as, ...reason };
  if (step.op === 'expect')
    return {
      op: 'expect',
      data: step.data.text,
      at: step.at,
      value: Buffer.from(step.value).toString('hex'),
      mask: Buffer.from(step.mask).toString('hex'),
      ...reason,
    };
  return { op: 'sync', ...reason };
}

function argToJson(arg: Arg, args: readonly Arg[], show?: Show | null): unknown {
  if (typeof arg === 'number') return show ? show(arg, args) : arg;
  if (typeof arg === 'bigint') return `0x${arg.toString(16)}`;
  return arg.kind === 'data' ? dataToJson(arg) : `→${arg.name}`;
}

function dataToJson(data: Data): unknown {
  return data.text.startsWith('"') ? JSON.parse(data.text) : data.text;
}
