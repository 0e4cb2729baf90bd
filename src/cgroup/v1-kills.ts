import { call, close, open, writeFile } from '../syscalls/calls.ts';
import { type Step, type Supervise, slot } from '../syscalls/step.ts';
import type { Text } from '../syscalls/text/language.ts';
import { O } from '../syscalls/uapi/flags.ts';

/** Descriptors whose numbers are known before: the kernel wants both in one text. So early nothing else has them. */
const bell = 10;
const control = 11;

/**
 * Version 1 rings an eventfd(2) when a group is at its memory limit with nothing to reclaim: Documentation/admin-guide/cgroup-v1/memory.rst,
 * section 10. `directory` is the group in the memory hierarchy.
 */
export function announceOnEventfd(directory: string): { host: Step[]; supervise: Pick<Supervise, 'bell'> } {
  const [made, opened, events] = [slot('eventfd'), slot('memory.oom_control'), slot('cgroup.event_control')];
  const groupWhy = {
    en: 'the kernel tells the supervisor at once when it ends a process at the memory limit',
    zh: '内核因内存限额结束一个进程时，立刻通知监管进程',
  };
  const about = (why: Text) => ({ why, lesson: 'cgroups' as const, group: 'announce kills', groupWhy });
  const known = {
    en: 'give the descriptor a number that can be written into a text',
    zh: '给描述符一个可以写进文本的编号',
  };
  const [bind, ask, done] = writeFile(`${directory}/cgroup.event_control`, `${bell} ${control}`, events, {
    ...about({
      en: 'ask the kernel to ring this eventfd when the group runs out of memory',
      zh: '请内核在这个组内存用尽时通知这个 eventfd',
    }),
    // Kernels for real-time work do not ring.
    tolerate: ['ENOTSUP'],
  }) as [Step, Step, Step];
  return {
    host: [
      call('eventfd2', [0, O.O_CLOEXEC | O.O_NONBLOCK], {
        ...about({ en: 'make a descriptor that the kernel can ring', zh: '创建一个内核可以发出通知的描述符' }),
        save: made,
      }),
      call('dup3', [made, bell, O.O_CLOEXEC], about(known)),
      close(made, about(known)),
      open(`${directory}/memory.oom_control`, O.O_RDONLY, {
        ...about({ en: 'open the file whose changes are to be announced', zh: '打开要关注其变化的文件' }),
        save: opened,
      }),
      call('dup3', [opened, control, O.O_CLOEXEC], about(known)),
      close(opened, about(known)),
      bind,
      ask,
      done,
      close(control, about({ en: 'the kernel has taken note of it', zh: '内核已经记下了它' })),
    ],
    supervise: { bell },
  };
}
