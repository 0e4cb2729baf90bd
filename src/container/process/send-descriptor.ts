import { call, store } from '../../syscalls/calls.ts';
import { bytes, struct } from '../../syscalls/data.ts';
import type { Reason, Slot, Step, Word } from '../../syscalls/step.ts';
import { SCM_RIGHTS, SOL_SOCKET } from '../../syscalls/uapi/flags.ts';

/** sendmsg(2) with one descriptor as ancillary data (unix(7), SCM_RIGHTS); one byte must go with it. */
export function sendDescriptor(socket: Word, fd: Slot, about: Reason): Step[] {
  const control = struct(
    '<SCM_RIGHTS: descriptor>',
    { u64: 20 },
    { u32: SOL_SOCKET },
    { u32: SCM_RIGHTS },
    { u32: 0 },
    { pad: 4 },
  );
  const vector = struct('<one byte>', { pointer: bytes(new Uint8Array([0]), '[0]') }, { u64: 1 });
  const message = struct(
    '<message with the descriptor>',
    ...[{ u64: 0 }, { u64: 0 }, { pointer: vector }, { u64: 1 }, { pointer: control }, { u64: 24 }, { u64: 0 }],
  );
  return [
    store(fd, control, 16, 'u32', {
      ...about,
      why: { en: 'write the number of the descriptor to send into the message', zh: '把要传送的描述符编号写进消息' },
    }),
    call('sendmsg', [socket, message, 0], about),
  ];
}
