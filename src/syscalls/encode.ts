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
  const steps = fields(all.length * STEP_SIZE);
  for (let i = 0; i < all.length; i++) putStep(steps, i * STEP_SIZE, all[i]!, layout, options.arch);
  const entries = encodeSupervise(program.supervise, layout);
  const pointers = layout.pointers();
  const data = layout.data();
  const size = HEADER_SIZE + steps.byteLength + entries.byteLength + pointers.byteLength + data.length;
  if (size > MAX_PROGRAM)
    throw new MinidockError(
      'program-too-long',
      `argument list too long: a program of ${size} bytes exceeds the shim's ${MAX_PROGRAM}`,
      {
        fix: 'shorten the command and its environment: hand long data over in a file',
      },
    );

  const header = fields(HEADER_SIZE);
  const flags = (options.trace ? 1 : 0) | (options.step ? 2 : 0) | ((options.tag ?? 0) << 8);
  const counts = sectionNames.map(name => program[name].length);
  const numbers = [
    ...[MAGIC, size, flags, layout.slotCount, data.length, pointers.byteLength / POINTER_SIZE],
    ...counts,
    entries.byteLength / ENTRY_SIZE,
  ];
  for (let i = 0; i < numbers.length; i++) header.setUint32(i * 4, numbers[i]!, true);
  return Buffer.concat([...[header, steps, entries, pointers].map(bytesOf), data]);
}

/** Zeros for numbers to be put into. V8 has DataView's methods built in; Node checks the arguments of Buffer's, at 2 ms for a program. */
const fields = (bytes: number) => new DataView(new ArrayBuffer(bytes));

const bytesOf = ({ buffer }: DataView) => new Uint8Array(buffer);

function putStep(out: DataView, at: number, step: Step, layout: Layout, arch: Architecture): void {
  out.setUint8(at, ops[step.op]);
  out.setUint16(at + 2, NO_SLOT, true);
  switch (step.op) {
    case 'syscall': {
      if (step.args.length > 6) throw new Error(`${step.name} has ${step.args.length} arguments`);
      const tolerated = step.tolerate ?? [];
      if (tolerated.length > 8) throw new Error(`${step.name} tolerates more than eight errors`);
      out.setUint8(at + 1, step.forks ? 1 : 0);
      if (step.save) out.setUint16(at + 2, layout.slot(step.save), true);
      out.setUint32(at + 4, syscallNumber(step.name, arch), true);
      out.setUint8(at + 14, tolerated.length);
      for (let i = 0; i < tolerated.length; i++) out.setUint16(at + 16 + i * 2, errnos[tolerated[i]!], true);
      for (let i = 0; i < step.args.length; i++) putArg(out, at + 8 + i, at + 32 + i * 8, step.args[i]!, layout);
      break;
    }
    case 'store':
      out.setUint8(at + 15, widths[step.as]);
      putArg(out, at + 8, at + 32, step.from, layout);
      putNumber(out, at + 40, layout.offset(step.into) + step.at);
      break;
    case 'expect': {
      const width = step.value.length;
      if (width < 1 || width > 8 || step.mask.length !== width) throw new Error('expect compares one to eight bytes');
      out.setUint8(at + 15, width);
      putNumber(out, at + 32, layout.offset(step.data) + step.at);
      for (let i = 0; i < width; i++) {
        out.setUint8(at + 40 + i, step.mask[i]!);
        out.setUint8(at + 48 + i, step.value[i]!);
      }
      break;
    }
  }
}

/** A 64-bit field, two's complement. Small numbers, which nearly all are, without the detour over BigInt. */
function putNumber(out: DataView, at: number, value: number | bigint): void {
  if (typeof value === 'number' && value >= 0 && value <= 0xffffffff) out.setUint32(at, value, true);
  else out.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
}

function putArg(out: DataView, kindAt: number, valueAt: number, arg: Arg, layout: Layout): void {
  if (typeof arg === 'number' || typeof arg === 'bigint') {
    putNumber(out, valueAt, arg);
  } else if (arg.kind === 'data') {
    out.setUint8(kindAt, 1);
    putNumber(out, valueAt, layout.offset(arg));
  } else if (arg.kind === 'saved') {
    out.setUint8(kindAt, 2);
    putNumber(out, valueAt, layout.slot(arg));
  } else {
    out.setUint8(kindAt, 3);
    putNumber(out, valueAt, layout.offset(arg.data) + arg.at);
  }
}

function encodeSupervise(supervise: Supervise | undefined, layout: Layout): DataView {
  const present = roles.flatMap((role, number) => {
    const arg = supervise?.[role];
    return arg === undefined ? [] : [{ arg, number }];
  });
  const out = fields(present.length * ENTRY_SIZE);
  for (const [i, { arg, number }] of present.entries()) {
    out.setUint32(i * ENTRY_SIZE, number, true);
    putArg(out, i * ENTRY_SIZE + 4, i * ENTRY_SIZE + 8, arg, layout);
  }
  return out;
}

/** Gives every piece of data its offset and every slot its number, at first mention. */
class Layout {
  /** In the order of their offsets. Its turns are counted: `for … of` a Map makes three objects of each entry. */
  private readonly all: Data[] = [];
  private readonly offsets = new Map<Data, number>();
  private readonly slots = new Map<Slot, number>();
  private size = 0;
  private pointerCount = 0;

  get slotCount(): number {
    return this.slots.size;
  }

  slot(slot: Slot): number {
    const known = this.slots.get(slot);
    if (known !== undefined) return known;
    const number = this.slots.size;
    // The last one is the supervisor's, for the exit status where the program names no slot for it.
    if (number >= MAX_SLOTS - 1)
      throw new MinidockError(
        'program-too-long',
        `a program that saves more than ${MAX_SLOTS - 1} results of syscalls exceeds the shim's memory for them`,
        { fix: 'publish fewer ports or mount fewer volumes: each saves one' },
      );
    this.slots.set(slot, number);
    return number;
  }

  offset(data: Data): number {
    const known = this.offsets.get(data);
    if (known !== undefined) return known;
    const at = this.size;
    this.offsets.set(data, at);
    this.all.push(data);
    this.size += (data.bytes.length + 7) & ~7;
    this.pointerCount += data.pointers.length;
    for (let i = 0; i < data.pointers.length; i++) this.offset(data.pointers[i]!.to);
    return at;
  }

  pointers(): DataView {
    const out = fields(this.pointerCount * POINTER_SIZE);
    let at = 0;
    for (let i = 0; i < this.all.length; i++) {
      const { pointers } = this.all[i]!;
      for (let j = 0; j < pointers.length; j++, at += POINTER_SIZE) {
        out.setUint32(at, this.offset(this.all[i]!) + pointers[j]!.at, true);
        out.setUint32(at + 4, this.offset(pointers[j]!.to), true);
      }
    }
    return out;
  }

  data(): Buffer {
    const out = Buffer.alloc(this.size);
    for (let i = 0; i < this.all.length; i++) out.set(this.all[i]!.bytes, this.offset(this.all[i]!));
    return out;
  }
}
