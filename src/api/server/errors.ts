import { type ErrorCode, type ErrorKind, MinidockError } from '../../errors.ts';

/** HTTP status of each kind of failure, as Docker's daemon answers. */
const statuses: Readonly<Record<ErrorKind, number>> = {
  usage: 400,
  'not-found': 404,
  conflict: 409,
  denied: 403,
  unavailable: 500,
  unsupported: 501,
  'invalid-data': 500,
  command: 400,
  interrupted: 499,
  failed: 500,
  defect: 500,
};

/** Codes that have another status than their kind. */
const exceptions: Readonly<Partial<Record<ErrorCode, number>>> = {
  'already-running': 304,
  'port-in-use': 500,
  'predefined-network': 403,
  'address-in-use': 403,
  'network-in-use': 403,
  unauthorized: 401,
  'authentication-failed': 401,
  'request-too-large': 413,
  stopping: 503,
};

/** The error that is sent to a client: an error that is not a `MinidockError` becomes a defect. */
export function errorOf(error: unknown): MinidockError {
  if (error instanceof MinidockError) return error;
  return new MinidockError('defect', error instanceof Error ? error.message : String(error), { cause: error });
}

export const statusOf = ({ code, kind }: MinidockError): number => exceptions[code] ?? statuses[kind];
