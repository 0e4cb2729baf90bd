import fs from 'node:fs';
import { errnoOf, MinidockError } from '../../errors.ts';

/**
 * The file of `--cidfile`. It is made before the container, as Docker does: where it cannot be, nothing else is. It stays where the
 * container does.
 */
export class CidFile {
  readonly #path: string;

  /** @throws {MinidockError} `cidfile`: it exists, or its directory does not */
  constructor(path: string) {
    this.#path = path;
    try {
      fs.closeSync(fs.openSync(path, 'wx'));
    } catch (error) {
      throw errnoOf(error) === 'EEXIST' ? found(path) : failed(`create the container ID file: open ${path}`, error);
    }
  }

  write(id: string): void {
    try {
      fs.writeFileSync(this.#path, id);
    } catch (error) {
      throw failed(`write the container ID to the file ${this.#path}`, error);
    }
  }

  discard(): void {
    fs.rmSync(this.#path, { force: true });
  }
}

const found = (path: string) =>
  new MinidockError('cidfile', `container ID file found: ${path}`, {
    fix: `make sure that its container does not run any more, then rm ${path}`,
  });

function failed(what: string, error: unknown): MinidockError {
  const errno = errnoOf(error);
  const reason = errno === 'ENOENT' ? 'no such file or directory' : String(errno);
  return new MinidockError('cidfile', `failed to ${what}: ${reason}`, {
    cause: error,
    ...(errno === 'ENOENT' && { fix: 'make its directory first' }),
  });
}
