import { type SectionName, sectionNames } from '../../src/syscalls/step.ts';
import { errnoName } from '../../src/syscalls/uapi/errno.ts';
import { type Architecture, type SyscallName, syscallNumbers } from '../../src/syscalls/uapi/numbers.ts';

/*
 * A second reader of a program's bytes, written from native/protocol.h and not from encode.ts: what it says a shim was told
 * does not depend on the code that told it.
 */

export type Kind = 'immediate' | 'data' | 'saved' | 'word';

export interface DecodedStep {
  op: 'syscall' | 'store' | 'expect' | 'sync';
  forks: boolean;
  /** Number of the slot that keeps the result. */
  save: number | undefined;
  name: SyscallName | undefined;
  args: { kind: Kind; value: bigint }[];
  tolerate: string[];
  width: number;
}

export interface DecodedProgram {
  sections: Record<SectionName, DecodedStep[]>;
  supervise: { role: string; kind: Kind; value: bigint }[];
  /** Offset in data of each pointer, and the offset that it points to. */
  pointers: Map<number, number>;
  data: Buffer;
  /** Where data begins in the program's bytes. */
  dataAt: number;
}

const ops = ['syscall', 'store', 'expect', 'sync'] as const;
const kinds: readonly Kind[] = ['immediate', 'data', 'saved', 'word'];
const roles = [
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
const sizes = { header: 64, step: 80, supervise: 16, pointer: 8 };

export function decodeProgram(bytes: Buffer, arch: Architecture): DecodedProgram {
  const field = (i: number) => bytes.readUInt32LE(i * 4);
  if (bytes.toString('latin1', 0, 4) !== 'MDP1' || field(1) !== bytes.length) throw new Error('this is no program');
  const column = arch === 'x64' ? 0 : 1;
  const names = new Map(
    Object.entries(syscallNumbers).map(([name, numbers]) => [numbers[column], name as SyscallName]),
  );
  let at = sizes.header;
  const sections = {} as DecodedProgram['sections'];
  for (const [i, name] of sectionNames.entries()) {
    sections[name] = Array.from({ length: field(6 + i) }, () => {
      at += sizes.step;
      return decodeStep(bytes.subarray(at - sizes.step, at), names);
    });
  }
  const supervise = Array.from({ length: field(15) }, () => {
    const entry = bytes.subarray(at, at + sizes.supervise);
    at += sizes.supervise;
    return { role: roles[entry.readUInt32LE(0)]!, kind: kinds[entry[4]!]!, value: entry.readBigUInt64LE(8) };
  });
  const pointers = new Map<number, number>();
  for (let i = 0; i < field(5); i++, at += sizes.pointer)
    pointers.set(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
  const data = Buffer.from(bytes.subarray(at));
  if (data.length !== field(4)) throw new Error(`data of ${data.length} bytes, the header says ${field(4)}`);
  return { sections, supervise, pointers, data, dataAt: at };
}

function decodeStep(step: Buffer, names: Map<number | null | undefined, SyscallName>): DecodedStep {
  const op = ops[step[0]!]!;
  const save = step.readUInt16LE(2);
  return {
    op,
    forks: (step[1]! & 1) === 1,
    save: save === 0xffff ? undefined : save,
    name: op === 'syscall' ? names.get(step.readUInt32LE(4)) : undefined,
    args: Array.from({ length: 6 }, (_, i) => ({
      kind: kinds[step[8 + i]!]!,
      value: step.readBigUInt64LE(32 + i * 8),
    })),
    tolerate: Array.from({ length: step[14]! }, (_, i) => errnoName(step.readUInt16LE(16 + i * 2))),
    width: step[15]!,
  };
}
