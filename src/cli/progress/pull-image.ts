import { isatty } from 'node:tty';
import type { Images } from '../../engine/nouns/images.ts';
import type { Platform } from '../../oci/manifest.ts';
import { canonical, familiar, parseName, parseReference } from '../../oci/reference.ts';
import type { PullEvent, PullResult } from '../../registry/pull.ts';
import { inOneLine } from '../print/printable.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { LayerList } from './layer-list.ts';

export interface PullDisplay {
  readonly quiet: boolean;
  /** Descriptor that `print` writes to: on a terminal the layers are redrawn in place. */
  readonly fd: 1 | 2;
  print(content: string | Uint8Array): void;
  /** Prints messages that are not progress, for example that a mirror failed. By default `print`. */
  warn?(content: string): void;
  readonly platform?: Platform;
}

/**
 * Pulls an image and prints what Docker prints meanwhile. Ctrl-C ends it and keeps what has come for the next time. Resolves
 * with the image's full name.
 */
export async function pullImage(images: Images, image: string, display: PullDisplay): Promise<string> {
  const { quiet, fd, print, warn = print, platform } = display;
  const reference = parseReference(image);
  if (quiet) {
    await interruptible(signal => images.pull(image, { onProgress: () => {}, platform, abort: signal }));
    return canonical(reference);
  }
  const isDefaultTag = parseName(image).tag === undefined && reference.digest === undefined;
  if (fd === 1 && isDefaultTag) print('Using default tag: latest\n');
  const show = eventPrinter(print, warn, isatty(fd) ? terminalSize(fd) : undefined);
  const results = await interruptible(abort => images.pull(image, { onProgress: show, platform, abort }));
  print(statusLine(results, familiar(reference)));
  return canonical(reference);
}

/** As `pullImage`, for every tag of a repository. */
export async function pullRepository(images: Images, repository: string, display: PullDisplay): Promise<string> {
  const { quiet, fd, print, warn = print, platform } = display;
  const show = quiet ? () => {} : eventPrinter(print, warn, isatty(fd) ? terminalSize(fd) : undefined);
  const all = { onProgress: show, allTags: true, platform };
  const results = await interruptible(abort => images.pull(repository, { ...all, abort }));
  const name = parseName(repository);
  if (!quiet) print(statusLine(results, familiar(name)));
  return canonical(name);
}

function statusLine(results: readonly PullResult[], name: string): string {
  const changed = results.some(result => result.changed);
  return `Status: ${changed ? 'Downloaded newer image' : 'Image is up to date'} for ${name}\n`;
}

/**
 * Prints the events of a pull as Docker does.
 *
 * @param size of the terminal that the lines go to, if they do
 */
export function eventPrinter(
  print: (content: string | Uint8Array) => void,
  warn: (content: string) => void,
  size?: { rows: number; columns: number },
) {
  let list = new LayerList(print, size);
  return (event: PullEvent): void => {
    if (event.kind === 'pulling') {
      print(`${event.tag}: Pulling from ${event.repository}\n`);
      list = new LayerList(print, size);
    } else if (event.kind === 'warning') warn(`minidock: ${inOneLine(event.message)}\n`);
    else if (event.kind === 'digest') print(`Digest: ${event.digest}\n`);
    else list.show(event);
  };
}

/** A terminal that does not know its size (a serial line) is assumed to be 80 by 24. */
export function terminalSize(fd: 1 | 2): { rows: number; columns: number } {
  const { rows, columns } = fd === 1 ? process.stdout : process.stderr;
  return { rows: rows || 24, columns: columns || 80 };
}
