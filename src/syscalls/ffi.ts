import { DataType, load, open } from 'ffi-rs';
import { errnoName } from './uapi/errno.ts';

/**
 * The C library, called from TypeScript: for lessons and host-side tools, never for `run`, `ps` or `exec` (loading it costs 9 ms;
 * a call 4 µs).
 *
 * unshare and setns act on the calling thread alone, which is Node's main thread: synchronous calls see the new
 * namespace, the thread pool behind `await` still sees the old one. Use them in short-lived processes of their own.
 */
export interface Answer {
  /** What the function returned; −1 where it failed. */
  readonly value: number;
  /** The errno's name where it failed. */
  readonly errno?: string;
}

const LIBRARY = 'c';
let opened = false;

/** Calls `name` of libc with numbers, strings (NUL-terminated for it) and buffers (it may write into them); returns an int. */
export function callLibc(name: string, ...args: readonly (number | string | Buffer)[]): Answer {
  if (!opened) open({ library: LIBRARY, path: libcPath() });
  opened = true;
  const answer = load({
    library: LIBRARY,
    funcName: name,
    retType: DataType.I32,
    paramsType: args.map(typeOf),
    paramsValue: [...args],
    errno: true,
  }) as unknown as { value: number; errnoCode: number };
  return answer.value === -1 ? { value: -1, errno: errnoName(answer.errnoCode) } : { value: answer.value };
}

function typeOf(arg: number | string | Buffer): DataType {
  if (typeof arg === 'number') return DataType.I64;
  return typeof arg === 'string' ? DataType.String : DataType.U8Array;
}

/** The file name of glibc; musl (Alpine) has another. */
function libcPath(): string {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (header?.glibcVersionRuntime !== undefined) return 'libc.so.6';
  return process.arch === 'arm64' ? 'libc.musl-aarch64.so.1' : 'libc.musl-x86_64.so.1';
}

/** getpid(2). */
export const getpid = (): Answer => callLibc('getpid');

/** gethostname(3). The name is empty where it failed. */
export function gethostname(): Answer & { name: string } {
  const buffer = Buffer.alloc(65);
  const answer = callLibc('gethostname', buffer, buffer.length);
  return { ...answer, name: textAt(buffer, 0) };
}

/** sethostname(2): needs CAP_SYS_ADMIN; at most 64 bytes. */
export const sethostname = (name: string): Answer => callLibc('sethostname', name, Buffer.byteLength(name));

/** The fields of struct utsname, 65 bytes each. */
const FIELD = 65;

/** uname(2). */
export function uname(): Answer & { sysname: string; nodename: string; release: string; machine: string } {
  const buffer = Buffer.alloc(6 * FIELD);
  const answer = callLibc('uname', buffer);
  const field = (index: number) => textAt(buffer, index * FIELD);
  return { ...answer, sysname: field(0), nodename: field(1), release: field(2), machine: field(4) };
}

/** unshare(2), of the main thread only. */
export const unshare = (flags: number): Answer => callLibc('unshare', flags);

/** seteuid(2): the effective user; leaving 0 takes the effective capabilities away (capabilities(7)). */
export const seteuid = (uid: number): Answer => callLibc('seteuid', uid);

function textAt(buffer: Buffer, start: number): string {
  const end = buffer.indexOf(0, start);
  return buffer.toString('utf8', start, end < 0 ? buffer.length : end);
}
