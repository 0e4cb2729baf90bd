import type { Readable } from 'node:stream';
import { MinidockError } from '../../../errors.ts';
import { send } from '../../../registry/http/http.ts';

/** An archive that somebody serves. @throws {MinidockError} `cannot-download` */
export async function importSource(given: string, signal: AbortSignal): Promise<Readable> {
  const text = /^https?:\/\//.test(given) ? given : `http://${given}`;
  const refuse = (reason: string) => new MinidockError('cannot-download', `cannot import ${given}: ${reason}`);
  if (!URL.canParse(text)) throw refuse('it is no URL');
  const { status, body } = await send({ url: new URL(text), signal }).catch(error => {
    throw signal.aborted ? error : refuse((error as Error).message);
  });
  if (status === 200) return body;
  body.destroy();
  throw refuse(`the server answered ${status}`);
}
