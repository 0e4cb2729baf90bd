import type { InspectedExec } from '../../../engine/nouns/execs.ts';
import { decodeJson } from '../../go/decode.ts';
import { bool, int, key, omitEmpty, pointer, string, strings, struct } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';

const created = struct('types.IDResponse', { ID: key('Id', string) });
/** POST /containers/{id}/exec */
export const createdExecShape = ({ id }: { id: string }): Value => value(created, { Id: id });

const start = struct('types.ExecStartCheck', { Detach: bool, Tty: bool });
/** The body of POST /exec/{id}/start. @throws {MinidockError} `invalid-argument`, in Go's words */
export const decodeExecStart = (json: string): { readonly Detach?: boolean } =>
  decodeJson<{ Detach?: boolean } | undefined>(start, json.trim() === '' ? '{}' : json) ?? {};

const processConfig = struct('backend.ExecProcessConfig', {
  Tty: key('tty', bool),
  Entrypoint: key('entrypoint', string),
  Arguments: key('arguments', strings),
  Privileged: key('privileged', bool),
  User: omitEmpty(string, 'user'),
});
const exec = struct('backend.ExecInspect', {
  ID: string,
  Running: bool,
  ExitCode: pointer(int),
  ProcessConfig: pointer(processConfig),
  OpenStdin: bool,
  OpenStderr: bool,
  OpenStdout: bool,
  CanRemove: bool,
  ContainerID: string,
  DetachKeys: string,
  Pid: int,
});
/** GET /exec/{id}/json */
export function inspectExecShape({ id, container, options, status, pid, exitCode }: InspectedExec): Value {
  const [entrypoint = '', ...rest] = options.command;
  return value(exec, {
    ID: id,
    Running: status === 'running',
    ExitCode: exitCode,
    ProcessConfig: {
      tty: options.tty,
      entrypoint,
      arguments: rest,
      privileged: options.privileged ?? false,
      user: options.user ?? '',
    },
    OpenStdin: options.interactive,
    OpenStderr: true,
    OpenStdout: true,
    CanRemove: false,
    ContainerID: container,
    Pid: pid,
  });
}

/** GET /exec/{id}/json of one whose command could not be executed: Docker's exit code for it. */
export const failedExecShape = (id: string): Value => value(exec, { ID: id, ExitCode: 126, ProcessConfig: {} });
