import type { Duplex } from 'node:stream';
import type { Attachment } from '../../../engine/nouns/streams.ts';
import { FrameReader, frame } from '../../frames.ts';
import { tellError } from '../../plain.ts';

/**
 * Joins a client's connection to a process: frames of output go out, frames of input come in and are confirmed once they are taken. A
 * client that closes lets go of the process; its input ends only where the client says so.
 */
export function carry(attachment: Attachment, socket: Duplex): void {
  const reader = new FrameReader();
  let over = false;
  attachment.onOutput((stream, chunk) => {
    if (!over) socket.write(frame(stream, chunk));
  });
  attachment.exited.then(
    exitCode => socket.end(frame('end', JSON.stringify({ exitCode }))),
    error => socket.end(frame('end', JSON.stringify({ error: tellError(error) }))),
  );
  const letGo = () => {
    if (!over) attachment.detach();
    over = true;
    socket.end();
  };
  attachment.exited
    .catch(() => {})
    .then(() => {
      over = true;
    });
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
