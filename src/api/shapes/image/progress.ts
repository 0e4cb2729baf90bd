import type { LoadEvent } from '../../../image/archive/load.ts';
import type { PullEvent, PushEvent } from '../../../registry/progress.ts';
import type { PullResult } from '../../../registry/pull.ts';
import { layerMessage, type Message } from '../message.ts';

/** What a pull tells, in Docker's words. */
export function pullMessage(event: PullEvent): Message {
  switch (event.kind) {
    case 'pulling':
      return { status: `Pulling from ${event.repository}`, id: event.tag };
    case 'warning':
      return { status: event.message };
    case 'digest':
      return { status: `Digest: ${event.digest}` };
    case 'layer':
      return layerMessage(event);
  }
}

/** What it tells at its end. @param name as it was asked for, with its tag */
export const pulledMessage = (results: readonly PullResult[], name: string): Message => {
  const changed = results.some(result => result.changed);
  return { status: `Status: ${changed ? 'Downloaded newer image' : 'Image is up to date'} for ${name}` };
};

export function pushMessages(event: PushEvent): Message[] {
  if (event.kind === 'pushing') return [{ status: `The push refers to repository [${event.repository}]` }];
  if (event.kind === 'layer') return [layerMessage(event)];
  const { tag, digest, size } = event;
  return [
    { status: `${tag}: digest: ${digest} size: ${size}` },
    { progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } },
  ];
}

export function loadMessage(event: LoadEvent): Message {
  switch (event.kind) {
    case 'layer':
      return layerMessage(event);
    case 'warning':
      return { stream: `${event.message}\n` };
    case 'renamed':
      return {
        stream: `The image ${event.name} already exists, renaming the old one with ID ${event.from} to empty string\n`,
      };
    case 'loaded':
      return { stream: event.name === undefined ? `Loaded image ID: ${event.id}\n` : `Loaded image: ${event.name}\n` };
  }
}
