import { MinidockError } from '../../errors.ts';

/** An option that makes no sense, in Docker's words, and what to write instead. */
export const refused = (message: string, fix: string) => new MinidockError('invalid-argument', message, { fix });
