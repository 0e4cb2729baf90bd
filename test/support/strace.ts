import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa, type Options } from 'execa';
import { temporaryFolder } from './cleanup.ts';

/** A call as strace saw it. */
export interface TracedCall {
  name: string;
  /** As strace prints them, parted at the commas of the call itself. */
  args: string[];
  /** Undefined where the call did not return: exit_group, a killed process. */
  result: bigint | undefined;
  /** Name of the errno where it failed. */
  errno?: string;
  /** All bytes that a read from descriptor 3 brought. */
  content?: Buffer;
}

export interface Traced {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  /** What each process did, by its pid, in its own order. */
  processes: Map<number, TracedCall[]>;
  /** Those that a signal ended, by its name. */
  killed: Map<number, string>;
}

/**
 * `numbers` shows every argument as the register it was: descriptors, flags, and addresses, but for the few whose answer is in
 * memory. `strings` shows what those
 * addresses hold, escaped byte by byte, and flags as numbers. What is read from descriptor 3 is kept whole in both.
 */
export type View = 'numbers' | 'strings';

const views: Record<View, string[]> = {
  numbers: ['-X', 'raw', '-e', 'raw=!execve,execveat,pipe2,socketpair'],
  strings: ['-X', 'raw', '-xx', '-s', '65536', '-v'],
};

/** Runs a command and all that it starts under strace; ends when the last process did. */
export async function strace(view: View, command: readonly string[], options: Options = {}): Promise<Traced> {
  const folder = temporaryFolder('strace');
  const args = ['-ff', '-o', join(folder, 'of'), '-e', 'read=3', ...views[view], ...command];
  const { exitCode, stdout, stderr } = await execa('strace', args, { reject: false, timeout: 60_000, ...options });
  const files = readdirSync(folder).map(name => [Number(name.slice('of.'.length)), join(folder, name)] as const);
  const processes = new Map<number, TracedCall[]>();
  const killed = new Map<number, string>();
  for (const [pid, file] of files) {
    const text = readFileSync(file, 'latin1');
    processes.set(pid, callsIn(text));
    const signal = /^\+\+\+ killed by (\w+)/m.exec(text)?.[1];
    if (signal) killed.set(pid, signal);
  }
  return { exitCode, stdout: String(stdout ?? ''), stderr: String(stderr ?? ''), processes, killed };
}

/** What strace wrote about one process. A call that the kernel had made again is one: the last time counts. */
export function callsIn(text: string): TracedCall[] {
  const calls: TracedCall[] = [];
  for (const line of text.split('\n')) {
    // Sixteen bytes a line, then their letters, which may look like more.
    const dumped = /^ \| [0-9a-f]+ {2}((?:[0-9a-f]{2} {1,2}){1,16})/.exec(line);
    const last = calls.at(-1);
    if (dumped && last) last.content = Buffer.concat([last.content ?? Buffer.alloc(0), unhex(dumped[1]!)]);
    const call = /^(\w+)\((.*)\)\s+= (.+)$/.exec(line) ?? /^(\w+)\((.*?)(?:\)\s+= |\s*<unfinished)?()$/.exec(line);
    if (call === null || isMadeAgain(line)) continue;
    const [, name = '', args = '', answer = ''] = call;
    calls.push({ name, args: splitArguments(args), ...readAnswer(answer) });
  }
  return calls;
}

/**
 * The process never sees this answer: the call stands on the next line once more. So the kernel answers a write of disable_ipv6
 * while somebody on the machine holds its lock of networks.
 */
const isMadeAgain = (line: string) => / = \? ERESTARTNOINTR \([^)]*\)$/.test(line);

const unhex = (digits: string) => Buffer.from(digits.replace(/ /g, ''), 'hex');

function readAnswer(answer: string): Pick<TracedCall, 'result' | 'errno'> {
  const [value = '', name] = answer.split(' ');
  if (value === '-1' && name !== undefined) return { result: -1n, errno: name };
  return { result: /^(0x[0-9a-f]+|\d+)$/.test(value) ? BigInt(value) : undefined };
}

/** Commas inside brackets and quotes do not part arguments. Escaped strings hold no quote. */
function splitArguments(text: string): string[] {
  const args: string[] = [];
  let depth = 0;
  let quoted = false;
  let begin = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === '"') quoted = !quoted;
    else if (!quoted && (char === '[' || char === '{' || char === '(')) depth++;
    else if (!quoted && (char === ']' || char === '}' || char === ')')) depth--;
    if (i < text.length && (char !== ',' || quoted || depth > 0)) continue;
    args.push(text.slice(begin, i).trim());
    begin = i + 1;
  }
  return text === '' ? [] : args;
}

/** The bytes of a string that strace printed; undefined for anything else, and for one that it cut. */
export function bytesOf(arg: string): Buffer | undefined {
  if (!/^"(\\x[0-9a-f]{2})*"$/.test(arg)) return undefined;
  return Buffer.from(arg.slice(1, -1).replaceAll('\\x', ''), 'hex');
}
