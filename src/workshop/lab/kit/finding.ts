import type { Finding } from '../../exercise/types.ts';
import type { Text } from '../../text/language.ts';
import type { ContainerSeen, Place } from '../types.ts';

/** One fact, as it should be; the hint looks at what is there instead. */
export function finding(ok: boolean, what: Text, hint: Text): Finding {
  return { ok, what, hint };
}

/** The same text in both languages: a name, a number, a line of the kernel's. */
export const same = (text: string): Text => ({ en: text, zh: text });

/**
 * The container that a task is about, and the finding that it runs.
 *
 * @param planted the lab has made it, not the learner
 */
export function running(
  place: Place,
  name: string,
  planted = false,
): { container: ContainerSeen | undefined; findings: Finding[] } {
  const seen = place.container(name);
  const container = seen?.state === 'running' ? seen : undefined;
  const hint: Text =
    seen === undefined
      ? planted
        ? {
            en: 'it was planted and is gone: the lab’s own command plants it again',
            zh: '它是预先布置的，现在不见了：再执行一次本实验的命令就会重新布置',
          }
        : { en: 'there is no container of this name', zh: '没有叫这个名字的容器' }
      : {
          en: `it is there, and does not run (${seen.state}, status ${seen.exitCode})`,
          zh: `它存在，但没有在运行（${seen.state}，退出状态 ${seen.exitCode}）`,
        };
  const found = finding(container !== undefined, { en: `container ${name} runs`, zh: `容器 ${name} 在运行` }, hint);
  return { container, findings: [found] };
}
