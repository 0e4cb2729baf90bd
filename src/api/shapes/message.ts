import { any, int, int64, omitEmpty, pointer, string, struct } from '../go/types.ts';
import { dynamic, type Value, value } from '../go/values.ts';

/** A line of a stream of progress: of a pull, a push, a load, a build. */
const message = struct('jsonmessage.JSONMessage', {
  Stream: omitEmpty(string, 'stream'),
  Status: omitEmpty(string, 'status'),
  Progress: omitEmpty(
    pointer(
      struct('jsonmessage.JSONProgress', { Current: omitEmpty(int64, 'current'), Total: omitEmpty(int64, 'total') }),
    ),
    'progressDetail',
  ),
  ID: omitEmpty(string, 'id'),
  Error: omitEmpty(
    pointer(struct('jsonmessage.JSONError', { Code: omitEmpty(int, 'code'), Message: omitEmpty(string, 'message') })),
    'errorDetail',
  ),
  ErrorMessage: omitEmpty(string, 'error'),
  Aux: omitEmpty(any, 'aux'),
});

/** What a line says, in Docker's words. */
export interface Message {
  readonly stream?: string;
  readonly status?: string;
  /** Of a layer or a tag. */
  readonly id?: string;
  /** Bytes; empty where none are counted. */
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly aux?: object;
}

export const messageShape = ({ aux, ...more }: Message): Value =>
  value(message, { ...more, ...(aux && { aux: dynamic(aux).data }) });

/** The last line where something failed after the first one. @param code of a command that failed */
export const failureShape = (text: string, code?: number): Value =>
  value(message, { errorDetail: { ...(code && { code }), message: text }, error: text });

/** The line about a layer. */
export const layerMessage = (event: { layer: string; phase: string; current?: number; total?: number }): Message => ({
  status: event.phase,
  id: event.layer,
  progressDetail:
    event.current === undefined
      ? {}
      : { current: event.current, ...(event.total !== undefined && { total: event.total }) },
});
