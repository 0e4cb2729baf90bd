import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Pieces } from '../engine/compile/pieces.ts';
import type { Engine } from '../engine/engine.ts';
import { MinidockError } from '../errors.ts';
import { systemPath } from '../host/programs.ts';
import type { RegistrySettings } from '../registry/daemon-config.ts';
import {
  type DaemonJson,
  defaultDaemonJson,
  invalidConfig,
  missingFile,
  readDaemonJson,
} from '../state/daemon-json.ts';
import { defaultRoots, type Roots } from '../state/paths.ts';
import { type Language, languageNamed } from '../syscalls/text/language.ts';
import { printWarning } from './print/diagnostics.ts';
import type { Output } from './print/output.ts';

/** The parts that a verb works with; tests pass their own. */
export interface Context {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
  /** Where the daemon is that is asked; undefined where the engine runs in this process. */
  readonly host?: string;
  /** The flags before the verb, for what asks a daemon by itself. */
  readonly globals?: GlobalFlags;
  /** Loads the engine, which needs root, or what asks the daemon. `pieces` take the places of the engine's own. */
  engine(pieces?: Pieces): Promise<Engine>;
}

/** Makes the context in which a verb runs. */
export type ContextMaker = (globals: GlobalFlags) => Context;

/** Which engine: two with other roots and bridges live side by side. */
export interface Settings extends Roots {
  readonly registries: RegistrySettings;
  /** Name of the bridge device. */
  readonly bridge: string;
  /** Keys of daemon.json that have no effect here. */
  readonly ignored: DaemonJson['ignored'];
  readonly logDefaults: DaemonJson['logDefaults'];
  readonly daemon: DaemonJson['daemon'];
}

export interface GlobalFlags {
  readonly root?: string;
  readonly 'exec-root'?: string;
  readonly bridge?: string;
  readonly config?: string;
  readonly host?: string;
  readonly tlscacert?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
  readonly 'registry-mirror'?: readonly string[];
  readonly 'insecure-registry'?: readonly string[];
}

/**
 * Flags override the environment, which overrides daemon.json, which overrides the defaults. Docker refuses a key that
 * is also given by a flag; here a flag belongs to one command, and may name another engine.
 */
export function settingsFrom(flags: GlobalFlags, env: Context['env']): Settings {
  const config = resolve(flags.config ?? (env.MINIDOCK_CONFIG || defaultDaemonJson));
  if (flags.config !== undefined && !existsSync(config)) throw invalidConfig(config, missingFile);
  const file = readDaemonJson(config);
  return {
    root: resolve(flags.root ?? (env.MINIDOCK_ROOT || file.dataRoot || defaultRoots.root)),
    execRoot: resolve(flags['exec-root'] ?? (env.MINIDOCK_EXEC_ROOT || file.execRoot || defaultRoots.execRoot)),
    bridge: flags.bridge ?? (env.MINIDOCK_BRIDGE || file.bridge || 'minidock0'),
    ignored: file.ignored,
    logDefaults: file.logDefaults,
    daemon: file.daemon,
    registries: {
      daemonConfig: config,
      registryMirrors: flags['registry-mirror'] ?? [],
      insecureRegistries: flags['insecure-registry'] ?? [],
    },
  };
}

/**
 * The language of the reasons in `--dry-run` and `--trace`: English, unless MINIDOCK_LANG names another. The locale does not
 * count: the output of a command is the same on every machine (decision 15).
 */
export function reasonLanguage({ env }: Pick<Context, 'env'>): Language {
  return languageNamed(env.MINIDOCK_LANG ?? '') ?? 'en';
}

/** For what only works in the engine's own process. @throws {MinidockError} `not-here` */
export function requireNoHost({ host, env }: Pick<Context, 'host' | 'env'>, what: string, why: string): void {
  if (host === undefined) return;
  throw new MinidockError('not-here', `${what} cannot be asked of the daemon at ${host}: ${why}`, {
    fix: `run it on the daemon's host without ${env.MINIDOCK_HOST ? 'MINIDOCK_HOST' : '-H'}`,
  });
}

/** For commands that start or fetch something: warns of keys of daemon.json that have no effect. */
export function warnOfIgnored(context: Pick<Context, 'host' | 'output' | 'settings'>): void {
  // The daemon has a daemon.json of its own.
  if (context.host !== undefined) return;
  const { output, settings } = context;
  if (settings.ignored.length === 0) return;
  const keys = settings.ignored.map(({ key, why }) => `"${key}" (${why})`);
  printWarning(output, `${settings.registries.daemonConfig}: without effect: ${keys.join(', ')}`);
}

/** @throws {MinidockError} `not-root` */
export function requireRoot(): void {
  if (process.geteuid?.() !== 0) {
    const [, program = 'minidock', ...words] = process.argv;
    // sudo looks in directories of its own for programs, where that of a checkout is not.
    const known = systemPath.split(':').includes(dirname(program));
    const command = ['sudo', known ? basename(program) : program, ...words].map(shellWord).join(' ');
    throw new MinidockError('not-root', 'namespaces, mounts and cgroups need root, and this is not root', {
      fix: command,
    });
  }
}

/** A word as a shell takes it: quoted where it holds anything that is not plain. */
const shellWord = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
