import type { Duplex } from 'node:stream';
import type { Attachment } from '../../../engine/nouns/streams.ts';
import { FrameReader, frame, sendFrame } from '../../frames.ts';
import { tellError } from '../../plain.ts';
import { roomIn } from '../../room.ts';

/**
 * Joins a client's connection to a process: frames of output go out, frames of input come in and are confirmed once they are taken. A
 * client that closes lets go of the process; its input ends only where the client says so. Output is read no faster than it is taken.
 *
 * @param abort the daemon ends, or the client is gone: the process lives on
 */
export function carry(attachment: Attachment, socket: Duplex, abort: AbortSignal): void {
  const reader = new FrameReader();
  let over = false;
  attachment.onOutput((stream, chunk) => {
    if (over) return;
    sendFrame(socket, stream, chunk);
    return roomIn(socket);
  });
  const finish = (said: object) => {
    if (over) return;
    over = true;
    socket.end(frame('end', JSON.stringify(said)));
  };
  attachment.exited.then(
    exitCode => finish({ exitCode }),
    error => finish({ error: tellError(error) }),
  );
  const letGo = () => {
    if (!over) attachment.detach();
    over = true;
    socket.end();
  };
  const part = () => {
    if (over) return;
    finish({ error: tellError(abort.reason) });
    attachment.detach();
  };
  if (abort.aborted) part();
  abort.addEventListener('abort', part, { once: true });
  socket.on('close', letGo);
  socket.on('end', letGo);
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const { kind, content } of reader.push(chunk))
        if (kind === 'end') attachment.endInput();
        else if (kind === 'stdin') take(attachment, socket, content);
    } catch {
      socket.destroy();
    }
  });
}

/** Nothing more is read from a client whose input the process does not take. */
function take(attachment: Attachment, socket: Duplex, content: Buffer): void {
  socket.pause();
  attachment.write(content).then(
    () => {
      socket.write(frame('taken'));
      socket.resume();
    },
    () => socket.resume(),
  );
}
