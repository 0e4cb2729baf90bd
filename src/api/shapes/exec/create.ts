import type { ExecOptions } from '../../../engine/nouns/execs.ts';
import { MinidockError } from '../../../errors.ts';
import { decodeJson } from '../../go/decode.ts';
import { bool, string, strings, struct } from '../../go/types.ts';

const type = struct('types.ExecConfig', {
  User: string,
  Privileged: bool,
  Tty: bool,
  AttachStdin: bool,
  AttachStderr: bool,
  AttachStdout: bool,
  Detach: bool,
  DetachKeys: string,
  Env: strings,
  WorkingDir: string,
  Cmd: strings,
});

interface ExecBody {
  readonly User?: string;
  readonly Privileged?: boolean;
  readonly Tty?: boolean;
  readonly AttachStdin?: boolean;
  readonly DetachKeys?: string;
  readonly Env?: readonly string[] | null;
  readonly WorkingDir?: string;
  readonly Cmd?: readonly string[] | null;
}

/** The body of POST /containers/{id}/exec. @throws {MinidockError} `invalid-argument`, in Go's and Docker's words */
export function decodeExec(json: string): ExecOptions & { readonly detachKeys: string } {
  const body = decodeJson<ExecBody | undefined>(type, json) ?? {};
  const command = body.Cmd ?? [];
  if (command.length === 0) throw new MinidockError('invalid-argument', 'No exec command specified');
  return {
    command,
    env: body.Env ?? [],
    ...(body.WorkingDir && { workdir: body.WorkingDir }),
    ...(body.User && { user: body.User }),
    ...(body.Privileged && { privileged: true }),
    tty: body.Tty ?? false,
    interactive: body.AttachStdin ?? false,
    detachKeys: body.DetachKeys ?? '',
  };
}
