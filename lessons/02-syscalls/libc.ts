import {
  type Answer,
  callLibc,
  gethostname,
  getpid,
  seteuid,
  sethostname,
  uname,
  unshare,
} from '../../src/syscalls/ffi.ts';
import { CLONE } from '../../src/syscalls/uapi/flags.ts';

/** One libc function and what TypeScript got from it. */
export interface Called {
  readonly name: string;
  readonly call: string;
  readonly answer: Answer;
  /** What it left in our buffer. */
  readonly found?: string;
}

/** Before each call we ask for this path, so that a reader of the trace finds the place. */
export const markerPrefix = '/lesson/';

/**
 * A process of its own: unshare changes Node's main thread for good, and giving up user 0 does so too. Prints what each
 * function answered as JSON; run under strace it shows which syscalls they are.
 */
function demonstrate(): Called[] {
  const called: Called[] = [];
  const show = (call: string, action: () => Answer & { found?: string }) => {
    const name = `${called.length + 1}-${call.replace(/\(.*/, '')}`;
    callLibc('access', `${markerPrefix}${name}`, 0);
    const { found, value, errno } = action();
    called.push({ name, call, answer: { value, errno }, found });
  };
  show('getpid()', getpid);
  show('gethostname(buffer, 65)', () => ({ ...gethostname(), found: gethostname().name }));
  show('uname(buffer)', () => ({ ...uname(), found: uname().release }));
  show('unshare(CLONE_NEWUTS)', () => unshare(CLONE.CLONE_NEWUTS));
  show('sethostname("typescript", 10)', () => sethostname('typescript'));
  show('gethostname(buffer, 65)', () => ({ ...gethostname(), found: gethostname().name }));
  show('sethostname("xxx…", 65)', () => sethostname('x'.repeat(65)));
  show('seteuid(65534)', () => seteuid(65534));
  show('sethostname("nobody", 6)', () => sethostname('nobody'));
  callLibc('access', `${markerPrefix}end`, 0);
  return called;
}

if (process.argv[1] === new URL(import.meta.url).pathname) process.stdout.write(JSON.stringify(demonstrate()));
