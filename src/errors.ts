/**
 * What kind of failure it is. Each front turns kinds into what its users expect: the command line into exit codes, an API
 * into HTTP statuses. Nothing below a front knows either.
 *
 * - `usage`: what was asked for makes no sense, whatever the state is.
 * - `not-found`: a thing that was named is not there.
 * - `conflict`: the state does not allow it: a name is taken, a container runs, a port is held.
 * - `denied`: the kernel, a registry or a policy refuses it.
 * - `unavailable`: something that is needed does not answer or has no room: a registry, the disk, an address range.
 * - `unsupported`: this machine, or minidock, cannot do it.
 * - `invalid-data`: data from elsewhere is broken or hostile: an archive, a layer, a manifest, a file of settings.
 * - `command`: the container's own command could not be executed.
 * - `interrupted`: the user ended it.
 * - `failed`: the kernel refused a step of a program.
 * - `defect`: minidock's own fault.
 */
export type ErrorKind =
  | 'usage'
  | 'not-found'
  | 'conflict'
  | 'denied'
  | 'unavailable'
  | 'unsupported'
  | 'invalid-data'
  | 'command'
  | 'interrupted'
  | 'failed'
  | 'defect';

/** Every code that an error can carry. Codes are stable and for programs. Made where a kind is asked for: most commands do not fail. */
const kinds = () =>
  ({
    'ambiguous-container': 'usage',
    'ambiguous-image': 'usage',
    'ambiguous-network': 'usage',
    'bad-cgroup': 'usage',
    'bad-device-rule': 'usage',
    'bad-limit': 'usage',
    'bad-workdir': 'usage',
    cidfile: 'usage',
    conflict: 'usage',
    dockerfile: 'usage',
    'env-file': 'usage',
    'id-out-of-range': 'usage',
    'invalid-address': 'usage',
    'invalid-argument': 'usage',
    'invalid-bridge': 'usage',
    'invalid-capability': 'usage',
    'invalid-change': 'usage',
    'invalid-config': 'usage',
    'invalid-device': 'usage',
    'invalid-digest': 'usage',
    'invalid-filter': 'usage',
    'invalid-host': 'usage',
    'invalid-name': 'usage',
    'invalid-output': 'usage',
    'invalid-port': 'usage',
    'invalid-proxy': 'usage',
    'invalid-namespace': 'usage',
    'invalid-network': 'usage',
    'predefined-network': 'usage',
    'invalid-reference': 'usage',
    'invalid-request': 'usage',
    'invalid-root': 'usage',
    'invalid-seccomp-profile': 'usage',
    'invalid-security-option': 'usage',
    'invalid-signal': 'usage',
    'invalid-sysctl': 'usage',
    'invalid-subnet': 'usage',
    'invalid-volume': 'usage',
    'invalid-workdir': 'usage',
    'lesson-ambiguous': 'usage',
    'no-command': 'usage',
    'no-input': 'usage',
    'no-password': 'usage',
    'no-terminal': 'usage',
    'no-username': 'usage',
    'not-here': 'usage',
    'not-a-directory': 'usage',
    'not-a-tty': 'usage',
    'path-too-long': 'usage',
    'program-too-long': 'usage',
    refused: 'usage',
    'request-too-large': 'usage',
    template: 'usage',
    usage: 'usage',
    'workdir-denied': 'usage',
    'workdir-not-found': 'usage',

    'manifest-unknown': 'not-found',
    'no-checkout': 'not-found',
    'no-exercise': 'not-found',
    'no-such-container': 'not-found',
    'no-such-exec': 'not-found',
    'no-such-file': 'not-found',
    'no-such-group': 'not-found',
    'no-such-image': 'not-found',
    'no-such-lab': 'not-found',
    'no-such-lesson': 'not-found',
    'no-such-manifest': 'not-found',
    'no-such-network': 'not-found',
    'no-such-network-driver': 'not-found',
    'no-such-object': 'not-found',
    'no-such-page': 'not-found',
    'no-such-platform': 'not-found',
    'no-such-point': 'not-found',
    'no-such-target': 'not-found',
    'no-such-user': 'not-found',
    'not-published': 'not-found',
    'no-such-volume': 'not-found',
    'no-such-volume-driver': 'not-found',

    'address-in-use': 'conflict',
    'already-connected': 'conflict',
    'already-running': 'conflict',
    'bad-link': 'conflict',
    'cgroup-busy': 'conflict',
    'cannot-overwrite': 'conflict',
    'container-running': 'conflict',
    'cut-off': 'conflict',
    'file-changed': 'conflict',
    'image-in-use': 'conflict',
    'lab-not-begun': 'conflict',
    'name-in-use': 'conflict',
    'no-network': 'conflict',
    'network-in-use': 'conflict',
    'not-connected': 'conflict',
    'not-paused': 'conflict',
    'not-running': 'conflict',
    paused: 'conflict',
    'port-in-use': 'conflict',
    'subnet-taken': 'conflict',
    'volume-in-use': 'conflict',

    'access-denied': 'denied',
    'authentication-failed': 'denied',
    'capture-denied': 'denied',
    'bad-redirect': 'denied',
    'credential-helper-failed': 'denied',
    'daemon-denied': 'denied',
    'firewall-permission': 'denied',
    'firewall-refused': 'denied',
    'not-root': 'denied',
    'port-address': 'denied',
    'port-refused': 'denied',
    'read-only-registry': 'denied',
    unauthorized: 'denied',

    'answer-too-large': 'unavailable',
    'cannot-download': 'unavailable',
    'daemon-unreachable': 'unavailable',
    'io-error': 'unavailable',
    locked: 'unavailable',
    'names-refused': 'unavailable',
    'no-free-port': 'unavailable',
    'no-free-subnet': 'unavailable',
    'no-memory': 'unavailable',
    'no-permission': 'unavailable',
    'no-space': 'unavailable',
    'output-failed': 'unavailable',
    'proxy-failed': 'unavailable',
    'read-only': 'unavailable',
    'registry-error': 'unavailable',
    'registry-unreachable': 'unavailable',
    stopping: 'unavailable',
    'syslog-unreachable': 'unavailable',
    'subnet-full': 'unavailable',
    'too-many-files': 'unavailable',
    'too-many-processes': 'unavailable',
    'too-many-redirects': 'unavailable',
    'too-many-requests': 'unavailable',

    architecture: 'unsupported',
    'comparison-failed': 'unsupported',
    'iptables-missing': 'unsupported',
    'lab-cannot-run': 'unsupported',
    'lesson-cannot-run': 'unsupported',
    'no-cgroup-controller': 'unsupported',
    'no-cgroups': 'unsupported',
    'no-credential-helper': 'unsupported',
    'no-nsenter': 'unsupported',
    'no-ps': 'unsupported',
    'no-shell': 'unsupported',
    'no-tcpdump': 'unsupported',
    'not-built': 'unsupported',
    'not-minidock': 'unsupported',
    'other-version': 'unsupported',
    'schema-1': 'unsupported',
    'unknown-compression': 'unsupported',
    'volume-option': 'unsupported',
    'unsupported-spec': 'unsupported',

    'broken-capture': 'invalid-data',
    'broken-config': 'invalid-data',
    'broken-exercise': 'invalid-data',
    'exercise-failed': 'invalid-data',
    'broken-record': 'invalid-data',
    'corrupt-archive': 'invalid-data',
    'corrupt-data': 'invalid-data',
    'corrupt-layer': 'invalid-data',
    'corrupt-store': 'invalid-data',
    'digest-mismatch': 'invalid-data',
    'hostile-archive': 'invalid-data',
    'hostile-layer': 'invalid-data',
    'incomplete-image': 'invalid-data',
    'invalid-certificate': 'invalid-data',
    'malformed-image': 'invalid-data',
    'too-many-links': 'invalid-data',
    'truncated-blob': 'invalid-data',

    'command-not-executable': 'command',
    'command-not-found': 'command',

    interrupted: 'interrupted',

    'cannot-capture': 'failed',
    'cannot-remove': 'failed',
    'cannot-stop': 'failed',
    'ps-failed': 'failed',
    'build-failed': 'failed',
    'child-died': 'failed',
    'lab-failed': 'failed',
    'network-failed': 'failed',
    'shim-died': 'failed',
    'shim-not-started': 'failed',
    'step-failed': 'failed',
    'store-failed': 'failed',

    defect: 'defect',
    seccomp: 'defect',
  }) as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof ReturnType<typeof kinds>;

/**
 * The one error class users see. Every message is one line that names the thing, quotes the value and gives the reason;
 * `fix` is what to do about it. Where what is wrong stands in a file, `excerpt` shows the place: lines for a terminal.
 */
export class MinidockError extends Error {
  readonly code: ErrorCode;
  readonly fix: string | undefined;
  readonly excerpt: string | undefined;

  constructor(code: ErrorCode, message: string, options: { fix?: string; excerpt?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MinidockError';
    this.code = code;
    this.fix = options.fix;
    this.excerpt = options.excerpt;
  }

  get kind(): ErrorKind {
    return kinds()[this.code];
  }
}

/** The `code` of a Node system error (`ENOENT` …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  // An errno of file systems that libuv has no name for.
  if (code === 'Unknown system error -122') return 'EDQUOT';
  // Node's own are ERR_…, and the resolver's EAI_….
  return typeof code === 'string' && code.startsWith('E') && !code.includes('_') ? code : undefined;
}
