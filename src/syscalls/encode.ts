import { MinidockError } from '../errors.ts';
import { type Data, lengthOf, TextData } from './data.ts';
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
/** In the upper half of a step's first word. */
const NO_SLOT = 0xffff << 16;
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
  let count = 0;
  for (let i = 0; i < sectionNames.length; i++) count += program[sectionNames[i]!].length;
  const entries = entriesOf(program.supervise);
  // All before the pointers, whose number shows only when each step has been looked at.
  const start = new Fields(HEADER_SIZE + count * STEP_SIZE + entries.length * ENTRY_SIZE);
  let at = HEADER_SIZE;
  for (let i = 0; i < sectionNames.length; i++) {
    const steps = program[sectionNames[i]!];
    for (let j = 0; j < steps.length; j++, at += STEP_SIZE) putStep(start, at, steps[j]!, layout, options.arch);
  }
  for (let i = 0; i < entries.length; i++, at += ENTRY_SIZE) {
    start.words[at >> 2] = entries[i]!.number;
    start.bytes[at + 4] = putArg(start, at + 8, entries[i]!.arg, layout);
  }
  const size = at + layout.pointerCount * POINTER_SIZE + layout.size;
  if (size > MAX_PROGRAM)
    throw new MinidockError(
      'program-too-long',
      `argument list too long: a program of ${size} bytes exceeds the shim's ${MAX_PROGRAM}`,
      {
        fix: 'shorten the command and its environment: hand long data over in a file',
      },
    );

  const flags = (options.trace ? 1 : 0) | (options.step ? 2 : 0) | ((options.tag ?? 0) << 8);
  start.words.set([MAGIC, size, flags, layout.slotCount, layout.size, layout.pointerCount]);
  for (let i = 0; i < sectionNames.length; i++) start.words[6 + i] = program[sectionNames[i]!].length;
  start.words[6 + sectionNames.length] = entries.length;
  const out = Buffer.alloc(size);
  out.set(start.bytes);
  layout.put(out, at);
  return out;
}

/**
 * Zeros for numbers to be put into, as they lie in the memory of both processors, which are little-endian. V8 writes elements of
 * typed arrays in place; DataView's methods are calls, and Node checks the arguments of Buffer's, at 2 ms for a program.
 */
class Fields {
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;

  constructor(size: number) {
    this.words = new Uint32Array(size / 4);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  /** A 64-bit field, two's complement. */
  putNumber(at: number, value: number | bigint): void {
    const word = at >> 2;
    if (typeof value === 'number' && value >= 0 && value <= 0xffffffff) {
      this.words[word] = value;
    } else if (Number.isSafeInteger(value)) {
      // An element takes what is left modulo 2³².
      this.words[word] = value as number;
      this.words[word + 1] = Math.floor((value as number) / 2 ** 32);
    } else {
      const bits = BigInt.asUintN(64, BigInt(value));
      this.words[word] = Number(bits & 0xffffffffn);
      this.words[word + 1] = Number(bits >> 32n);
    }
  }
}

function putStep(out: Fields, at: number, step: Step, layout: Layout, arch: Architecture): void {
  const { words, bytes } = out;
  const word = at >> 2;
  words[word] = ops[step.op] | NO_SLOT;
  switch (step.op) {
    case 'syscall': {
      const { name, args, tolerate, save } = step;
      if (args.length > 6) throw new Error(`${name} has ${args.length} arguments`);
      if (step.forks) bytes[at + 1] = 1;
      if (save !== undefined) words[word] = (words[word]! & 0xffff) | (layout.slot(save) << 16);
      words[word + 1] = syscallNumber(name, arch);
      if (tolerate !== undefined) {
        if (tolerate.length > 8) throw new Error(`${name} tolerates more than eight errors`);
        bytes[at + 14] = tolerate.length;
        for (let i = 0; i < tolerate.length; i++) {
          const errno = errnos[tolerate[i]!];
          bytes[at + 16 + i * 2] = errno;
          bytes[at + 17 + i * 2] = errno >> 8;
        }
      }
      for (let i = 0; i < args.length; i++) {
        const kind = putArg(out, at + 32 + i * 8, args[i]!, layout);
        if (kind !== 0) bytes[at + 8 + i] = kind;
      }
      break;
    }
    case 'store':
      bytes[at + 15] = widths[step.as];
      bytes[at + 8] = putArg(out, at + 32, step.from, layout);
      words[word + 10] = layout.offset(step.into) + step.at;
      break;
    case 'expect': {
      const { value, mask } = step;
      const width = value.length;
      if (width < 1 || width > 8 || mask.length !== width) throw new Error('expect compares one to eight bytes');
      bytes[at + 15] = width;
      words[word + 8] = layout.offset(step.data) + step.at;
      bytes.set(mask, at + 40);
      bytes.set(value, at + 48);
      break;
    }
  }
}

/** Writes an argument; its kind, as native/protocol.h numbers them. */
function putArg(out: Fields, at: number, arg: Arg, layout: Layout): number {
  if (typeof arg === 'number' || typeof arg === 'bigint') {
    out.putNumber(at, arg);
    return 0;
  }
  switch (arg.kind) {
    case 'data':
      out.words[at >> 2] = layout.offset(arg);
      return 1;
    case 'saved':
      out.words[at >> 2] = layout.slot(arg);
      return 2;
    case 'word':
      out.words[at >> 2] = layout.offset(arg.data) + arg.at;
      return 3;
  }
}

/** What the supervisor is told of: the number of each role, and what has it. */
function entriesOf(supervise: Supervise | undefined): { number: number; arg: Arg }[] {
  const entries: { number: number; arg: Arg }[] = [];
  for (let number = 0; number < roles.length; number++) {
    const arg = supervise?.[roles[number]!];
    if (arg !== undefined) entries.push({ number, arg });
  }
  return entries;
}

/** Gives every piece of data its offset and every slot its number, at first mention. */
class Layout {
  /** In the order of their offsets. Its turns are counted: `for … of` a Map makes three objects of each entry. */
  private readonly all: Data[] = [];
  private readonly ats: number[] = [];
  private readonly offsets = new Map<Data, number>();
  private readonly slots = new Map<Slot, number>();
  size = 0;
  pointerCount = 0;

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
    this.ats.push(at);
    this.size += aligned(lengthOf(data));
    this.pointerCount += data.pointers.length;
    for (let i = 0; i < data.pointers.length; i++) this.offset(data.pointers[i]!.to);
    return at;
  }

  /** Writes the list of pointers and, behind it, the data. Texts that follow each other are written at once. */
  put(out: Buffer, at: number): void {
    const pointers = new Fields(this.pointerCount * POINTER_SIZE);
    const dataAt = at + pointers.bytes.length;
    let next = 0;
    let texts = '';
    let textsAt = dataAt;
    for (let i = 0; i < this.all.length; i++) {
      const data = this.all[i]!;
      const behind = data instanceof TextData ? data.end + (-data.length & 7) : 0;
      // Without a NUL between them half a character at the end of one would become whole with the beginning of the next.
      if (data instanceof TextData && behind > 0) {
        texts += data.string + nuls[behind]!;
        continue;
      }
      const offset = this.ats[i]!;
      const { bytes } = data;
      if (texts !== '') out.write(texts, textsAt);
      out.set(bytes, dataAt + offset);
      texts = '';
      textsAt = dataAt + offset + aligned(bytes.length);
      for (let j = 0; j < data.pointers.length; j++) {
        pointers.words[next++] = offset + data.pointers[j]!.at;
        pointers.words[next++] = this.offset(data.pointers[j]!.to);
      }
    }
    out.write(texts, textsAt);
    out.set(pointers.bytes, at);
  }
}

const aligned = (length: number) => (length + 7) & ~7;
/** By how many there are: at the end of a text, and up to where the next data may begin. */
const nuls = Array.from({ length: 9 }, (_, count) => '\0'.repeat(count));
