import { readSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { errnoOf } from '../../errors.ts';
import { CommandLineError } from '../exit-codes.ts';

/**
 * Asks on the terminal and reads one line from it; `hidden` ones are not echoed. The terminal is set back whatever happens.
 *
 * @throws {MinidockError} `interrupted` on Ctrl-C
 */
export function ask(question: string, print: (content: string | Uint8Array) => void, hidden = false): Promise<string> {
  print(question);
  const terminal = new ReadStream(0);
  terminal.setRawMode(true).setEncoding('utf8');
  return new Promise<string>((resolve, reject) => {
    let line = '';
    const finish = (action: () => void) => {
      terminal.off('data', read).setRawMode(false);
      terminal.destroy();
      print('\n');
      action();
    };
    const interrupted = () => new CommandLineError('interrupted', 'stopped by SIGINT', { exitCode: 130 });
    const erase = () => {
      if (line !== '' && !hidden) print(Buffer.from('\b \b'));
      line = [...line].slice(0, -1).join('');
    };
    const read = (text: string): void => {
      for (const letter of text) {
        if (letter === '\x03') finish(() => reject(interrupted()));
        else if (letter === '\r' || letter === '\n' || letter === '\x04') finish(() => resolve(line));
        else if (letter === '\x7f' || letter === '\b') erase();
        else if (letter === '\x15') while (line !== '') erase();
        else if (letter >= ' ') {
          line += letter;
          if (!hidden) print(letter);
        }
        if (terminal.destroyed) return;
      }
    };
    terminal.on('data', read);
  });
}

/** All of standard input, without the line break at its end: a password from a pipe. At most 64 KiB. */
export function readInput(): string {
  const buffer = Buffer.alloc(64 << 10);
  let length = 0;
  while (length < buffer.length) {
    try {
      const read = readSync(0, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    } catch (error) {
      if (errnoOf(error) === 'EOF') break;
      if (errnoOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
  return buffer
    .subarray(0, length)
    .toString()
    .replace(/\r?\n$/, '');
}
