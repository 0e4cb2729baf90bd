import type { Data } from './data.ts';
import { errnos } from './errno.ts';
import { type Architecture, syscallNumber } from './numbers.ts';
import { type Arg, type Program, type Slot, type Step, type Supervise, sectionNames } from './step.ts';

/** The other side is native/protocol.h. */
const MAGIC = 0x3150444d;
const HEADER_SIZE = 48;
const STEP_SIZE = 80;
const ENTRY_SIZE = 16;
const POINTER_SIZE = 8;
export const MAX_PROGRAM = 1 << 20;
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
  const sections = sectionNames.map(name => program[name].map(step => encodeStep(step, layout, options.arch)));
  const entries = encodeSupervise(program.supervise, layout);
  const pointers = layout.pointers();
  const data = layout.data();
  const steps = sections.flat();
  const size =
    HEADER_SIZE + steps.length * STEP_SIZE + entries.length * ENTRY_SIZE + pointers.length * POINTER_SIZE + data.length;
  if (size > MAX_PROGRAM) throw new Error(`program of ${size} bytes exceeds the shim's ${MAX_PROGRAM}`);

  const header = Buffer.alloc(HEADER_SIZE);
  const flags = (options.trace ? 1 : 0) | (options.step ? 2 : 0) | ((options.tag ?? 0) << 8);
  const fields = [MAGIC, size, flags, layout.slotCount, data.length, pointers.length];
  for (const [i, field] of [...fields, ...sections.map(section => section.length), entries.length].entries())
    header.writeUInt32LE(field, i * 4);
  return Buffer.concat([header, ...steps, ...entries, ...pointers, data]);
}

function encodeStep(step: Step, layout: Layout, arch: Architecture): Buffer {
  const out = Buffer.alloc(STEP_SIZE);
  out.writeUInt8(ops[step.op], 0);
  out.writeUInt16LE(NO_SLOT, 2);
  const put = (i: number, arg: Arg) => putArg(out, 8 + i, 32 + i * 8, arg, layout);
  switch (step.op) {
    case 'syscall': {
      if (step.args.length > 6) throw new Error(`${step.name} has ${step.args.length} arguments`);
      const tolerated = step.tolerate ?? [];
      if (tolerated.length > 8) throw new Error(`${step.name} tolerates more than eight errors`);
      out.writeUInt8(step.forks ? 1 : 0, 1);
      if (step.save) out.writeUInt16LE(layout.slot(step.save), 2);
      out.writeUInt32LE(syscallNumber(step.name, arch), 4);
      out.writeUInt8(tolerated.length, 14);
      for (const [i, errno] of tolerated.entries()) out.writeUInt16LE(errnos[errno], 16 + i * 2);
      for (const [i, arg] of step.args.entries()) put(i, arg);
      break;
    }
    case 'store':
      out.writeUInt8(widths[step.as], 15);
      put(0, step.from);
      out.writeBigUInt64LE(BigInt(layout.offset(step.into) + step.at), 40);
      break;
    case 'expect': {
      const width = step.value.length;
      if (width < 1 || width > 8 || step.mask.length !== width) throw new Error('expect compares one to eight bytes');
      out.writeUInt8(width, 15);
      out.writeBigUInt64LE(BigInt(layout.offset(step.data) + step.at), 32);
      out.set(step.mask, 40);
      out.set(step.value, 48);
      break;
    }
  }
  return out;
}

function putArg(out: Buffer, kindAt: number, valueAt: number, arg: Arg, layout: Layout): void {
  if (typeof arg === 'number' || typeof arg === 'bigint') {
    out.writeUInt8(0, kindAt);
    out.writeBigUInt64LE(BigInt.asUintN(64, BigInt(arg)), valueAt);
  } else if (arg.kind === 'data') {
    out.writeUInt8(1, kindAt);
    out.writeBigUInt64LE(BigInt(layout.offset(arg)), valueAt);
  } else if (arg.kind === 'saved') {
    out.writeUInt8(2, kindAt);
    out.writeBigUInt64LE(BigInt(layout.slot(arg)), valueAt);
  } else {
    out.writeUInt8(3, kindAt);
    out.writeBigUInt64LE(BigInt(layout.offset(arg.data) + arg.at), valueAt);
  }
}

function encodeSupervise(supervise: Supervise | undefined, layout: Layout): Buffer[] {
  if (supervise === undefined) return [];
  return roles.flatMap((role, number) => {
    const arg = supervise[role];
    if (arg === undefined) return [];
    const entry = Buffer.alloc(ENTRY_SIZE);
    entry.writeUInt32LE(number, 0);
    putArg(entry, 4, 8, arg, layout);
    return [entry];
  });
}

/** Gives every piece of data its offset and every slot its number, at first mention. */
class Layout {
  private readonly offsets = new Map<Data, number>();
  private readonly slots = new Map<Slot, number>();
  private size = 0;

  get slotCount(): number {
    // The supervisor keeps the exit status in a slot of its own where the program names none.
    return Math.min(this.slots.size + 1, 256);
  }

  slot(slot: Slot): number {
    const known = this.slots.get(slot) ?? this.slots.size;
    if (known > 254) throw new Error('a program saves at most 255 results');
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

  pointers(): Buffer[] {
    const all: Buffer[] = [];
    for (const [data, offset] of this.offsets)
      for (const pointer of data.pointers) {
        const entry = Buffer.alloc(POINTER_SIZE);
        entry.writeUInt32LE(offset + pointer.at, 0);
        entry.writeUInt32LE(this.offset(pointer.to), 4);
        all.push(entry);
      }
    return all;
  }

  data(): Buffer {
    const out = Buffer.alloc(this.size);
    for (const [data, offset] of this.offsets) out.set(data.bytes, offset);
    return out;
  }
}
