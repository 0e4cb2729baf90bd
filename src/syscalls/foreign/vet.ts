import type { Data } from '../data.ts';
import type { Arg, Step, Syscall } from '../step.ts';
import { PR } from '../uapi/flags.ts';
import type { SyscallName } from '../uapi/numbers.ts';
import { type Parameter, parameters } from '../uapi/parameters.ts';

/** Why a step of a stranger is not performed. */
export interface Objection {
  readonly step: Step;
  /** `not-allowed`: the call is not on the list. `malformed`: an argument is not what the kernel takes there. */
  readonly kind: 'not-allowed' | 'malformed';
  /** What is wrong with it, for `malformed`. */
  readonly reason: string;
}

/**
 * Judges steps that somebody else composed before the shim performs them: each call is one of `allowed`, gets no address
 * of its own choice, and the kernel reads and writes no further than its data reach. Undefined where all is well.
 */
export function vet(steps: readonly Step[], allowed: readonly SyscallName[]): Objection | undefined {
  for (const step of steps) {
    if (step.op !== 'syscall') continue;
    if (!allowed.includes(step.name)) return { step, kind: 'not-allowed', reason: '' };
    const reason = whatIsWrong(step);
    if (reason !== undefined) return { step, kind: 'malformed', reason };
  }
  return undefined;
}

/** File systems that show only what the process has a right to, and none that reads a disk or asks a network. */
const harmless = ['tmpfs', 'proc', 'sysfs', 'overlay', 'devpts', 'mqueue', 'cgroup', 'cgroup2'];
/** Options of prctl(2) whose argument is an address. */
const addressed: readonly number[] = [PR.PR_SET_NAME, PR.PR_SET_SECCOMP];

function whatIsWrong(step: Syscall): string | undefined {
  const known = parameters[step.name];
  if (known === undefined) return `nobody has written down what ${step.name} takes`;
  if (step.args.length > known.length) return `it takes ${known.length} arguments, not ${step.args.length}`;
  for (const [i, parameter] of known.entries()) {
    const arg = step.args[i] ?? 0;
    const wrong = misfit(arg, parameter, step.args);
    if (wrong !== undefined) return `argument ${i + 1} ${wrong}`;
  }
  if (step.forks && step.name !== 'clone') return 'only clone forks';
  if (step.name === 'clone' && !step.forks) return 'clone without `forks: true`: nobody would run the child';
  if (['clone', 'unshare'].includes(step.name) && !makesNamespaces(step.args[0]))
    return 'flags that are neither a namespace nor the signal at its end';
  if (step.name === 'prctl' && (typeof step.args[0] !== 'number' || addressed.includes(step.args[0])))
    return 'this option takes an address';
  if (step.name === 'mount') {
    const type = step.args[2];
    if (isData(type) && !harmless.includes(nameIn(type)))
      return `file systems of type ${type.text} are not mounted by an exercise`;
  }
  return undefined;
}

function misfit(arg: Arg, parameter: Parameter, all: readonly Arg[]): string | undefined {
  const isNull = arg === 0 || arg === 0n;
  if (parameter === 'number') return isData(arg) ? 'is data where a number belongs' : undefined;
  if (parameter === 'null') return isNull ? undefined : 'must be 0';
  if (parameter === 'string?' && isNull) return undefined;
  if (!isData(arg))
    return isNull ? 'must not be null' : 'is a number where an address belongs: give data, as `str` makes it';
  if (parameter === 'string' || parameter === 'string?')
    return endsAtNul(arg) ? undefined : 'is no string: it has no NUL at its end, see `str`';
  if (parameter === 'strings') {
    const count = arg.bytes.length / 8;
    const listed =
      arg.bytes.every(byte => byte === 0) &&
      count >= 1 &&
      arg.pointers.length <= count - 1 &&
      arg.pointers.every(({ to }, i) => arg.pointers[i]!.at === i * 8 && endsAtNul(to));
    return listed && Number.isInteger(count) ? undefined : 'is no list of strings, see `strings`';
  }
  const size = 'bytes' in parameter ? parameter.bytes : all[parameter.sizeIn];
  if (typeof size !== 'number') return 'has a length that is not known before it runs';
  return size >= 0 && size <= arg.bytes.length
    ? undefined
    : `has ${arg.bytes.length} bytes, and the kernel is told of ${size}`;
}

const isData = (arg: Arg | undefined): arg is Data => typeof arg === 'object' && arg.kind === 'data';
const endsAtNul = (data: Data) => data.pointers.length === 0 && data.bytes.at(-1) === 0;
const nameIn = (data: Data) => new TextDecoder().decode(data.bytes).replace(/\0.*$/s, '');

/** CLONE_VM and its like would share this process's memory with the child; a user namespace would give it all rights anew. */
function makesNamespaces(flags: Arg | undefined): boolean {
  if (typeof flags !== 'number') return false;
  const namespaces = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x20000000 | 0x40000000;
  return ((flags >>> 0) & ~(namespaces | 0xff)) >>> 0 === 0;
}
