import type { ErrorKind, MinidockError } from '../../../errors.ts';

/** Of an answer that is an error. What is wrong stands in its body; the number is for who watches. */
const statuses: Readonly<Record<ErrorKind, number>> = {
  usage: 400,
  'not-found': 404,
  conflict: 409,
  denied: 403,
  unavailable: 503,
  unsupported: 501,
  'invalid-data': 500,
  command: 400,
  interrupted: 499,
  failed: 500,
  defect: 500,
};

export const statusOf = ({ kind }: MinidockError): number => statuses[kind];
