import { isatty } from 'node:tty';
import { canonical, familiar, parseName, parseReference } from '../../image/reference.ts';
import type { PullEvent } from '../../registry/pull.ts';
import type { Images } from '../images.ts';
import { LayerList } from './layer-list.ts';

export interface PullDisplay {
  readonly quiet: boolean;
  /** Descriptor that `print` writes to: on a terminal the layers are redrawn in place. */
  readonly fd: 1 | 2;
  print(content: string): void;
}

/** Pulls an image and prints what Docker prints meanwhile. Resolves with the image's full name. */
export async function pullImage(images: Images, image: string, { quiet, fd, print }: PullDisplay): Promise<string> {
  const reference = parseReference(image);
  if (quiet) {
    await images.pull(image, () => {});
    return canonical(reference);
  }
  const isDefaultTag = parseName(image).tag === undefined && reference.digest === undefined;
  if (fd === 1 && isDefaultTag) print('Using default tag: latest\n');
  const { changed } = await images.pull(image, eventPrinter(print, isatty(fd) ? terminalSize(fd) : undefined));
  print(`Status: ${changed ? 'Downloaded newer image' : 'Image is up to date'} for ${familiar(reference)}\n`);
  return canonical(reference);
}

/** @param size of the terminal that the lines go to, if they do */
export function eventPrinter(print: (content: string) => void, size?: { rows: number; columns: number }) {
  const list = new LayerList(print, size);
  return (event: PullEvent): void => {
    if (event.kind === 'pulling') print(`${event.tag}: Pulling from ${event.repository}\n`);
    else if (event.kind === 'warning') print(`minidock: ${event.message}\n`);
    else if (event.kind === 'digest') print(`Digest: ${event.digest}\n`);
    else list.show(event);
  };
}

/** A terminal that does not know its size (a serial line) is taken for the usual one. */
export function terminalSize(fd: 1 | 2): { rows: number; columns: number } {
  const { rows, columns } = fd === 1 ? process.stdout : process.stderr;
  return { rows: rows || 24, columns: columns || 80 };
}
