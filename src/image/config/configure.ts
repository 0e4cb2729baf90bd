import path from 'node:path';
import type {
  Command,
  CommandInstruction,
  Healthcheck,
  OnBuild,
  Pairs,
  Raw,
  Shell,
  Value,
  Words,
} from '../../dockerfile/instructions.ts';
import type { ContainerConfig } from '../../oci/image-config.ts';
import { signalNumber } from '../../syscalls/uapi/signals.ts';

/** Instructions that change an image's config and none of its files; but WORKDIR makes its directory. */
export type ConfigInstruction = CommandInstruction | Healthcheck | OnBuild | Pairs | Shell | Value | Words;

/** What an instruction makes of a config, and what `history` says of it: Docker's own words. */
export interface Configured {
  readonly config: ContainerConfig;
  readonly said: string;
  readonly author?: string;
}

export interface Expand {
  word(part: Raw): string;
  words(part: Raw): string[];
  /** Refuses a value, with its place. */
  fail(part: Raw, reason: string, fix?: string): Error;
}

export const defaultShell: readonly string[] = ['/bin/sh', '-c'];

/** @param hasCommand a CMD of this stage came before: an ENTRYPOINT leaves it, and takes away one that was inherited */
export function configure(
  config: ContainerConfig,
  instruction: ConfigInstruction,
  expand: Expand,
  hasCommand: boolean,
): Configured {
  switch (instruction.kind) {
    case 'ENV': {
      const pairs = pairsOf(instruction, expand);
      return { config: { ...config, Env: mergeEnv(config.Env ?? [], pairs) }, said: `ENV${written(pairs)}` };
    }
    case 'LABEL': {
      const pairs = pairsOf(instruction, expand);
      const Labels = { ...config.Labels, ...Object.fromEntries(pairs) };
      return { config: { ...config, Labels }, said: `LABEL${written(pairs)}` };
    }
    case 'CMD': {
      const Cmd = commandLine(config, instruction.command);
      return { config: { ...config, Cmd }, said: `CMD ${listed(Cmd)}` };
    }
    case 'ENTRYPOINT': {
      const Entrypoint = commandLine(config, instruction.command);
      const { Cmd, ...rest } = config;
      return {
        config: { ...rest, ...(hasCommand && Cmd && { Cmd }), Entrypoint },
        said: `ENTRYPOINT ${listed(Entrypoint)}`,
      };
    }
    case 'SHELL':
      return { config: { ...config, Shell: [...instruction.words] }, said: `SHELL [${instruction.words.join(' ')}]` };
    case 'ONBUILD': {
      const OnBuild = [...(config.OnBuild ?? []), instruction.trigger];
      return { config: { ...config, OnBuild }, said: `ONBUILD ${instruction.trigger}` };
    }
    case 'HEALTHCHECK': {
      const { test, times, retries } = instruction;
      const Healthcheck = { Test: [...test], ...times, ...(retries !== undefined && { Retries: retries }) };
      return { config: { ...config, Healthcheck }, said: saidHealthcheck(instruction) };
    }
    case 'EXPOSE': {
      const sorted = [...instruction.words].sort((a, b) => (a.raw < b.raw ? -1 : 1));
      const written = sorted.flatMap(word => expand.words(word).map(text => ({ word, text })));
      const ports = written.map(({ word, text }) => exposedPort(text, reason => expand.fail(word, reason)));
      return {
        config: { ...config, ExposedPorts: { ...config.ExposedPorts, ...keys(ports.flat()) } },
        said: `EXPOSE ${written.map(({ text }) => text).join(' ')}`,
      };
    }
    case 'VOLUME': {
      const places = instruction.words.map(word => {
        const place = expand.word(word).trim();
        if (place === '') throw expand.fail(word, 'VOLUME names an empty path');
        return place;
      });
      return {
        config: { ...config, Volumes: { ...config.Volumes, ...keys(places) } },
        said: `VOLUME [${places.join(' ')}]`,
      };
    }
    default:
      return configureValue(config, instruction, expand);
  }
}

function configureValue(config: ContainerConfig, { kind, value }: Value, expand: Expand): Configured {
  if (kind === 'MAINTAINER') return { config, said: `MAINTAINER ${value.raw}`, author: value.raw };
  const word = expand.word(value);
  if (word === '') throw expand.fail(value, `${kind} is empty once its variables are replaced`);
  if (kind === 'USER') return { config: { ...config, User: word }, said: `USER ${word}` };
  if (kind === 'STOPSIGNAL') {
    try {
      signalNumber(word);
    } catch (error) {
      throw expand.fail(value, (error as Error).message, '`kill -l` lists them');
    }
  }
  if (kind === 'STOPSIGNAL') return { config: { ...config, StopSignal: word }, said: `STOPSIGNAL ${word}` };
  const WorkingDir = path.posix.resolve('/', config.WorkingDir ?? '', word);
  return { config: { ...config, WorkingDir }, said: `WORKDIR ${WorkingDir}` };
}

/** The words that are executed for a command. */
export function commandLine({ Shell }: Pick<ContainerConfig, 'Shell'>, command: Command): string[] {
  return command.form === 'exec' ? [...command.words] : [...(Shell ?? defaultShell), command.line];
}

function pairsOf({ pairs }: Pairs, expand: Expand): [string, string][] {
  return pairs.map(({ name, value }) => {
    const key = expand.word(name);
    if (key === '') throw expand.fail(name, 'a name is empty once its variables are replaced');
    return [key, expand.word(value)];
  });
}

const written = (pairs: readonly [string, string][]): string =>
  pairs.map(([name, value]) => ` ${name}=${value}`).join('');

/** As Go prints a list of texts: `["a" "b"]`. */
const listed = (words: readonly string[]): string => `[${words.map(word => JSON.stringify(word)).join(' ')}]`;

/** As Go prints Docker's structure of a health check. */
function saidHealthcheck({ test, times, retries = 0 }: Healthcheck): string {
  const shown = [times.Interval, times.Timeout, times.StartPeriod].map(time => `"${goDuration(time ?? 0)}"`).join(' ');
  const rune = retries >= 32 ? String.fromCodePoint(retries) : `\\x${retries.toString(16).padStart(2, '0')}`;
  return `HEALTHCHECK &{${listed(test)} ${shown} '${rune}'}`;
}

/** `1m30s`, as Go's Duration prints itself. */
function goDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`;
  const seconds = nanoseconds / 1e9;
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${rest}s`;
}

/** A variable that is there keeps its place. */
function mergeEnv(env: readonly string[], added: readonly (readonly [string, string])[]): string[] {
  const result = new Map(env.map(entry => [entry.split('=', 1)[0]!, entry]));
  for (const [name, value] of added) result.set(name, `${name}=${value}`);
  return [...result.values()];
}

/** `80`, `80/udp`, `8000-8002/tcp`: every port of a range by itself. */
function exposedPort(port: string, fail: (reason: string) => Error): string[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(port);
  const [first, last] = [match?.[1], match?.[2] ?? match?.[1]].map(Number) as [number, number];
  if (match === null || first < 1 || last > 65535 || first > last)
    throw fail(`invalid port ${JSON.stringify(port)}: PORT, PORT/udp or FIRST-LAST, from 1 to 65535`);
  const protocol = (match[3] ?? 'tcp').toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, n) => `${first + n}/${protocol}`);
}

function keys(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map(name => [name, {}]));
}
