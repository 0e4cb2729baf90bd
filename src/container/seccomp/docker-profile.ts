import { MinidockError } from '../../errors.ts';
import type { Seccomp, SeccompAction, SeccompRule } from '../../oci/runtime-spec.ts';
import type { KernelVersion } from '../../syscalls/kernel-version.ts';

/** For whom a rule of Docker's format is, or is not. */
interface Filter {
  caps?: string[];
  arches?: string[];
  /** `4.8`. */
  minKernel?: string;
}

interface DockerRule {
  name?: string;
  names?: string[];
  action?: string;
  errnoRet?: number;
  args?: { index: number; value: number; valueTwo?: number; op: string }[] | null;
  includes?: Filter;
  excludes?: Filter;
}

interface DockerProfile {
  defaultAction?: string;
  defaultErrnoRet?: number;
  architectures?: string[] | null;
  archMap?: { architecture: string; subArchitectures?: string[] | null }[] | null;
  syscalls?: DockerRule[] | null;
}

interface Host {
  arch: 'x64' | 'arm64';
  kernel: { version: KernelVersion };
}

/** As `arches` has them (Go's), and as `architectures` does (libseccomp's). */
const names = {
  x64: { go: 'amd64', native: 'SCMP_ARCH_X86_64', all: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
  arm64: { go: 'arm64', native: 'SCMP_ARCH_AARCH64', all: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'] },
} as const;

const actions: Readonly<Record<string, SeccompAction>> = {
  SCMP_ACT_ALLOW: 'SCMP_ACT_ALLOW',
  SCMP_ACT_ERRNO: 'SCMP_ACT_ERRNO',
  SCMP_ACT_KILL: 'SCMP_ACT_KILL',
  SCMP_ACT_KILL_PROCESS: 'SCMP_ACT_KILL_PROCESS',
  SCMP_ACT_KILL_THREAD: 'SCMP_ACT_KILL_THREAD',
  SCMP_ACT_LOG: 'SCMP_ACT_LOG',
  SCMP_ACT_TRACE: 'SCMP_ACT_TRACE',
  SCMP_ACT_TRAP: 'SCMP_ACT_TRAP',
};

/**
 * A profile in Docker's JSON (https://docs.docker.com/engine/security/seccomp/) as `linux.seccomp` of the runtime spec: rules that
 * are for other capabilities, architectures or older kernels are left out. Undefined for an empty profile, which filters nothing.
 *
 * @param capabilities of the bounding set
 * @throws {MinidockError} `invalid-seccomp-profile`
 */
export function dockerSeccomp(json: string, capabilities: readonly string[], host: Host): Seccomp | undefined {
  const profile = parse(json);
  const { defaultAction, defaultErrnoRet, architectures, archMap, syscalls } = profile;
  if (Object.keys(profile).length === 0) return undefined;
  if (architectures?.length && archMap?.length) throw useEither('architectures', 'archMap');
  return {
    defaultAction: actionOf(defaultAction, 'defaultAction'),
    ...(defaultErrnoRet !== undefined && { defaultErrnoRet: whole(defaultErrnoRet, 'defaultErrnoRet') }),
    architectures: architecturesOf(profile, host),
    syscalls: list(syscalls, 'syscalls')
      .filter(rule => matches(object(rule, 'a rule of syscalls'), capabilities, host))
      .flatMap(rulesOf),
  };
}

function parse(json: string): DockerProfile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    throw invalid(`it is no JSON: ${(error as Error).message.replaceAll(/\s+/g, ' ')}`);
  }
  return object(parsed, 'the profile') as DockerProfile;
}

function architecturesOf({ architectures, archMap }: DockerProfile, { arch }: Host): string[] {
  const { native, all } = names[arch];
  const mapped = list(archMap, 'archMap').find(
    one => (object(one, 'an entry of archMap') as { architecture?: unknown }).architecture === native,
  );
  if (mapped !== undefined) return [native, ...strings(mapped.subArchitectures, 'subArchitectures')];
  const named = strings(architectures, 'architectures');
  // The filter of a profile that is for other machines would end every process here.
  if (named.length > 0 && !named.includes(native))
    throw invalid(`its architectures are ${named.join(', ')}, and this machine is ${native}`);
  return named.length > 0 ? named : [...all.slice(0, 1)];
}

/** Docker's words for who a rule is for. */
function matches({ includes, excludes }: DockerRule, capabilities: readonly string[], host: Host): boolean {
  const { caps: without, arches: elsewhere } = filterOf(excludes, 'excludes');
  const { caps = [], arches, minKernel } = filterOf(includes, 'includes');
  const { go } = names[host.arch];
  if (elsewhere?.includes(go) || without?.some(name => capabilities.includes(name))) return false;
  if (arches?.length && !arches.includes(go)) return false;
  if (minKernel !== undefined && !isSinceText(host.kernel.version, minKernel)) return false;
  const { minKernel: until } = filterOf(excludes, 'excludes');
  if (until !== undefined && isSinceText(host.kernel.version, until)) return false;
  return caps.every(name => capabilities.includes(name));
}

function filterOf(filter: Filter | null | undefined, field: string): Filter {
  if (filter === undefined || filter === null) return {};
  const { caps, arches, minKernel } = object(filter, field) as Filter;
  return { caps: strings(caps, `${field}.caps`), arches: strings(arches, `${field}.arches`), minKernel };
}

function isSinceText([major, minor]: KernelVersion, text: string): boolean {
  const [, wantedMajor, wantedMinor] = /^(\d+)\.(\d+)$/.exec(String(text)) ?? [];
  if (wantedMajor === undefined) throw invalid(`minKernel ${JSON.stringify(text)} is not like "4.8"`);
  return major > Number(wantedMajor) || (major === Number(wantedMajor) && minor >= Number(wantedMinor));
}

/**
 * Conditions of one rule must all hold. Where two are about the same argument each makes a rule of its own, as with runc, whose
 * library knows one condition an argument.
 */
function rulesOf(given: DockerRule): SeccompRule[] {
  const rule = ruleOf(given);
  const { args = [] } = rule;
  const isOnce = new Set(args.map(({ index }) => index)).size === args.length;
  return isOnce ? [rule] : args.map(one => ({ ...rule, args: [one] }));
}

function ruleOf({ name, names: several, action, errnoRet, args }: DockerRule): SeccompRule {
  if (name && several?.length) throw useEither('name', 'names');
  const calls = name ? [name] : strings(several, 'names');
  return {
    names: calls,
    action: actionOf(action, `the action of ${calls[0] ?? 'a rule'}`),
    ...(errnoRet !== undefined && errnoRet !== null && { errnoRet: whole(errnoRet, 'errnoRet') }),
    ...(args?.length && {
      args: list(args, 'args').map(one => {
        const { index, value, valueTwo, op } = object(one, 'one of args') as SeccompArgument;
        if (!(whole(index, 'the index of an argument') < 6)) throw invalid(`a system call has no argument ${index}`);
        return {
          index,
          value: whole(value ?? 0, 'the value of an argument'),
          ...(valueTwo !== undefined && { valueTwo: whole(valueTwo, 'the valueTwo of an argument') }),
          op: String(op),
        };
      }),
    }),
  };
}

type SeccompArgument = NonNullable<SeccompRule['args']>[number];

function actionOf(action: string | undefined, field: string): SeccompAction {
  if (action !== undefined && Object.hasOwn(actions, action)) return actions[action]!;
  throw invalid(`${field} is ${JSON.stringify(action ?? '')}, which is none of ${Object.keys(actions).join(', ')}`);
}

/** JSON's numbers are exact up to 2⁵³: a filter for another number than the one that was written is no filter. */
function whole(number: unknown, field: string): number {
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw invalid(`${field} is ${JSON.stringify(number)}, not a whole number from 0 to 2^53`);
}

function object<T extends object>(given: T | unknown, field: string): T {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as T;
  throw invalid(`${field} is not an object`);
}

function list<T>(given: readonly T[] | null | undefined, field: string): readonly T[] {
  if (given === undefined || given === null) return [];
  if (Array.isArray(given)) return given;
  throw invalid(`${field} is not a list`);
}

function strings(given: unknown, field: string): string[] {
  const all = list(given as unknown[], field);
  if (all.every(one => typeof one === 'string')) return [...all] as string[];
  throw invalid(`${field} is not a list of strings`);
}

const useEither = (one: string, other: string) =>
  invalid(`'${one}' and '${other}' were specified in the seccomp profile, use either '${one}' or '${other}'`);

function invalid(reason: string): MinidockError {
  return new MinidockError('invalid-seccomp-profile', `Decoding seccomp profile failed: ${reason}`);
}
