import path from 'node:path';
import { MinidockError } from '../errors.ts';
import type { ContainerConfig } from '../oci/image-config.ts';

/**
 * Applies `--change` instructions (`CMD ["nginx"]`, `ENV A=1`, `EXPOSE 80`) to a config, in order: the Dockerfile
 * instructions that `docker import` and `docker commit` take. Returns a new config; throws `invalid-change`.
 */
export function applyChanges(config: ContainerConfig, changes: readonly string[]): ContainerConfig {
  const names = changes.map(change => change.trim().split(/\s/, 1)[0]?.toUpperCase());
  // A new entrypoint takes the inherited command away, unless the changes set one too.
  const inherited = names.includes('ENTRYPOINT') ? { ...config, Cmd: undefined } : config;
  return changes.reduce(applyChange, inherited);
}

function applyChange(config: ContainerConfig, change: string): ContainerConfig {
  const [, word = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*?)\s*$/.exec(change) ?? [];
  const instruction = word.toUpperCase();
  if (rest === '' && instruction in instructions) throw invalid(change, 'it has no argument');
  const apply = instructions[instruction];
  if (apply === undefined) {
    throw invalid(change, `${JSON.stringify(word)} is none of ${Object.keys(instructions).join(', ')}`);
  }
  return { ...config, ...apply(rest, config, change) };
}

type Instruction = (argument: string, config: ContainerConfig, change: string) => ContainerConfig;

const instructions: Record<string, Instruction> = {
  CMD: argument => ({ Cmd: command(argument) }),
  ENTRYPOINT: argument => ({ Entrypoint: command(argument) }),
  ENV: (argument, config, change) => ({ Env: mergeEnv(config.Env ?? [], pairs(argument, change)) }),
  LABEL: (argument, config, change) => ({
    Labels: { ...config.Labels, ...Object.fromEntries(pairs(argument, change)) },
  }),
  WORKDIR: (argument, config) => ({ WorkingDir: workdir(config.WorkingDir, argument) }),
  USER: argument => ({ User: argument }),
  STOPSIGNAL: argument => ({ StopSignal: argument }),
  EXPOSE: (argument, config, change) => ({
    ExposedPorts: { ...config.ExposedPorts, ...keys(words(argument).map(port => exposed(port, change))) },
  }),
  VOLUME: (argument, config) => ({
    Volumes: { ...config.Volumes, ...keys(execForm(argument) ?? words(argument)) },
  }),
};

/** `["a", "b"]` as it is; anything else is a line for the shell. */
function command(argument: string): string[] {
  return execForm(argument) ?? ['/bin/sh', '-c', argument];
}

function execForm(argument: string): string[] | undefined {
  if (!argument.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(argument);
    return Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `A=1 B="two words"`, or the old form `A the rest of the line`. */
function pairs(argument: string, change: string): [string, string][] {
  const [first = ''] = argument.split(/\s/, 1);
  if (!first.includes('=')) {
    const value = argument.slice(first.length).trim();
    if (value === '') throw invalid(change, `${JSON.stringify(first)} has no value`);
    return [[first, value]];
  }
  return words(argument).map(word => {
    const equals = word.indexOf('=');
    if (equals < 1) throw invalid(change, `${JSON.stringify(word)} is not NAME=VALUE`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** Words between blanks; quotes and backslashes keep blanks in a word. */
function words(text: string): string[] {
  const found = text.match(/(?:\\[\s\S]|"(?:\\[\s\S]|[^"\\])*"|'[^']*'|[^\s"'\\])+/g) ?? [];
  return found.map(word =>
    word.replace(/\\([\s\S])|"((?:\\[\s\S]|[^"\\])*)"|'([^']*)'/g, (_, escaped, double, single) =>
      double !== undefined ? double.replace(/\\(["\\$])/g, '$1') : (escaped ?? single),
    ),
  );
}

function mergeEnv(env: readonly string[], added: [string, string][]): string[] {
  const result = new Map(env.map(entry => [entry.split('=', 1)[0]!, entry]));
  for (const [name, value] of added) result.set(name, `${name}=${value}`);
  return [...result.values()];
}

function workdir(current: string | undefined, argument: string): string {
  return argument.startsWith('/') ? argument : path.posix.join('/', current ?? '', argument);
}

function exposed(port: string, change: string): string {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(port);
  const numbers = [match?.[1], match?.[2] ?? match?.[1]].map(Number);
  if (match === null || numbers.some(number => number < 1 || number > 65535) || numbers[0]! > numbers[1]!) {
    throw invalid(change, `invalid port ${JSON.stringify(port)}`);
  }
  return `${match[1]}${match[2] === undefined ? '' : `-${match[2]}`}/${(match[3] ?? 'tcp').toLowerCase()}`;
}

function keys(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map(name => [name, {}]));
}

function invalid(change: string, reason: string): MinidockError {
  return new MinidockError('invalid-change', `invalid change ${JSON.stringify(change)}: ${reason}`);
}
