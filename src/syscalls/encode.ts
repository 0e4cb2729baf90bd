import { MinidockError } from '../errors.ts';
import type { Data } from './data.ts';
import { type Arg, type Program, type Slot, type Step, type Supervise, sectionNames } from './step.ts';
import { errnos } from './uapi/errno.ts';
import { type Architecture, syscallNumber } from './uapi/numbers.ts';

/** The other side is native/protocol.h. */
const MAGIC = 0x3150444d;
/** Bytes of struct header in native/protocol.h. */
export const HEADER_SIZE = 64;
const STEP_SIZE = 80;
const ENTRY_SIZE = 16;
const POINTER_SIZE = 8;
export const MAX_PROGRAM = 8 << 20;
export const MAX_SLOTS = 4096;
const ops = { syscall: 0, store: 1, expect: 2, sync: 3 } as const;
const widths = { u32: 1, u64: 2, decimal: 3 } as const;
const NO_SLOT = 0xffff;
const roles: readonly (keyof Supervise)[] = [
  'child',
  'stdin',
  'stdout',
  'stderr',
  'console',
  'log',
  'listen',
  'status',
  'formStdout',
  'formStderr',
  'backlog',
  'logSize',
  'relay',
  'bell',
  'counter',
  'counterWord',
];

export interface EncodeOptions {
  arch: Architecture;
  /** Comes back in every report: which of the programs sent to one shim it speaks of. 0 to 255. */
  tag?: number;
  /** Report every step with the kernel's answer. */
  trace?: boolean;
  /** Stop before every step until a byte comes. */
  step?: boolean;
}

/**
 * The bytes of a program. Data used by several steps is written once; slots are numbered in order of appearance.
 * Throws where the program breaks the language's limits, which is a bug of whoever composed it.
 */
export function encode(program: Program, options: EncodeOptions): Buffer {
  const layout = new Layout();
  const all = sectionNames.flatMap(name => program[name]);
  // One buffer for all steps: hundreds of small ones cost the hot path a garbage collection.
  const steps = Buffer.alloc(all.length * STEP_SIZE);
  for (const [i, step] of all.entries()) putStep(steps, i * STEP_SIZE, step, layout, options.arch);
  const entries = encodeSupervise(program.supervise, layout);
  const pointers = layout.pointers();
  const data = layout.data();
  const size = HEADER_SIZE + steps.length + entries.length + pointers.length + data.length;
  if (size > MAX_PROGRAM)
    throw new MinidockError(
      'program-too-long',
      `argument list too long: a program of ${size} bytes exceeds the shim's ${MAX_PROGRAM}`,
      {
        fix: 'shorten the command and its environment: hand long data over in a file',
      },
    );

  const header = Buffer.alloc(HEADER_SIZE);
  const flags = (options.trace ? 1 : 0) | (options.step ? 2 : 0) | ((options.tag ?? 0) << 8);
  const counts = sectionNames.map(name => program[name].length);
  const fields = [
    ...[MAGIC, size, flags, layout.slotCount, data.length, pointers.length / POINTER_SIZE],
    ...counts,
    entries.length / ENTRY_SIZE,
  ];
  for (const [i, field] of fields.entries()) header.writeUInt32LE(field, i * 4);
  return Buffer.concat([header, steps, entries, pointers, data]);
}

function putStep(out: Buffer, at: number, step: Step, layout: Layout, arch: Architecture): void {
  out.writeUInt8(ops[step.op], at);
  out.writeUInt16LE(NO_SLOT, at + 2);
  switch (step.op) {
    case 'syscall': {
      if (step.args.length > 6) throw new Error(`${step.name} has ${step.args.length} arguments`);
      const tolerated = step.tolerate ?? [];
      if (tolerated.length > 8) throw new Error(`${step.name} tolerates more than eight errors`);
      out.writeUInt8(step.forks ? 1 : 0, at + 1);
      if (step.save) out.writeUInt16LE(layout.slot(step.save), at + 2);
      out.writeUInt32LE(syscallNumber(step.name, arch), at + 4);
      out.writeUInt8(tolerated.length, at + 14);
      for (let i = 0; i < tolerated.length; i++) out.writeUInt16LE(errnos[tolerated[i]!], at + 16 + i * 2);
      for (let i = 0; i < step.args.length; i++) putArg(out, at + 8 + i, at + 32 + i * 8, step.args[i]!, layout);
      break;
    }
    case 'store':
      out.writeUInt8(widths[step.as], at + 15);
      putArg(out, at + 8, at + 32, step.from, layout);
      putNumber(out, at + 40, layout.offset(step.into) + step.at);
      break;
    case 'expect': {
      const width = step.value.length;
      if (width < 1 || width > 8 || step.mask.length !== width) throw new Error('expect compares one to eight bytes');
      out.writeUInt8(width, at + 15);
      putNumber(out, at + 32, layout.offset(step.data) + step.at);
      out.set(step.mask, at + 40);
      out.set(step.value, at + 48);
      break;
    }
  }
}

/** A 64-bit field, two's complement. Small numbers, which nearly all are, without the detour over BigInt. */
function putNumber(out: Buffer, at: number, value: number | bigint): void {
  if (typeof value === 'number' && value >= 0 && value <= 0xffffffff) out.writeUInt32LE(value, at);
  else out.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), at);
}

function putArg(out: Buffer, kindAt: number, valueAt: number, arg: Arg, layout: Layout): void {
  if (typeof arg === 'number' || typeof arg === 'bigint') {
    putNumber(out, valueAt, arg);
  } else if (arg.kind === 'data') {
    out.writeUInt8(1, kindAt);
    putNumber(out, valueAt, layout.offset(arg));
  } else if (arg.kind === 'saved') {
    out.writeUInt8(2, kindAt);
    putNumber(out, valueAt, layout.slot(arg));
  } else {
    out.writeUInt8(3, kindAt);
    putNumber(out, valueAt, layout.offset(arg.data) + arg.at);
  }
}

function encodeSupervise(supervise: Supervise | undefined, layout: Layout): Buffer {
  const present = roles.flatMap((role, number) => {
    const arg = supervise?.[role];
    return arg === undefined ? [] : [{ arg, number }];
  });
  const out = Buffer.alloc(present.length * ENTRY_SIZE);
  for (const [i, { arg, number }] of present.entries()) {
    out.writeUInt32LE(number, i * ENTRY_SIZE);
    putArg(out, i * ENTRY_SIZE + 4, i * ENTRY_SIZE + 8, arg, layout);
  }
  return out;
}

/** Gives every piece of data its offset and every slot its number, at first mention. */
class Layout {
  private readonly offsets = new Map<Data, number>();
  private readonly slots = new Map<Slot, number>();
  private size = 0;

  get slotCount(): number {
    return this.slots.size;
  }

  slot(slot: Slot): number {
    const known = this.slots.get(slot) ?? this.slots.size;
    // The last one is the supervisor's, for the exit status where the program names no slot for it.
    if (known >= MAX_SLOTS - 1)
      throw new MinidockError(
        'program-too-long',
        `a program that saves more than ${MAX_SLOTS - 1} results of syscalls exceeds the shim's memory for them`,
        { fix: 'publish fewer ports or mount fewer volumes: each saves one' },
      );
    this.slots.set(slot, known);
    return known;
  }

  offset(data: Data): number {
    const known = this.offsets.get(data);
    if (known !== undefined) return known;
    const at = this.size;
    this.offsets.set(data, at);
    this.size += (data.bytes.length + 7) & ~7;
    for (const pointer of data.pointers) this.offset(pointer.to);
    return at;
  }

  pointers(): Buffer {
    const all: number[] = [];
    for (const [data, offset] of this.offsets)
      for (const pointer of data.pointers) all.push(offset + pointer.at, this.offset(pointer.to));
    const out = Buffer.alloc((all.length / 2) * POINTER_SIZE);
    for (let i = 0; i < all.length; i++) out.writeUInt32LE(all[i]!, i * 4);
    return out;
  }

  data(): Buffer {
    const out = Buffer.alloc(this.size);
    for (const [data, offset] of this.offsets) out.set(data.bytes, offset);
    return out;
  }
}
