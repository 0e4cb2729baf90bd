import type { Pieces } from '../../engine/compile/pieces.ts';
import type { Endpoint } from '../../network/endpoint.ts';
import type { Language, Text } from '../../syscalls/text/language.ts';
import type { OwnPiece } from './protocol.ts';

type Question = (...args: never[]) => Text | undefined;

/** What a piece may be asked for that its exercise does not ask for, in words; the engine's own piece does that. */
const questions: { readonly [name in keyof Pieces]?: Question } = {
  vethPair: ({ interface: name = 'eth0', route, mtu, isolated }: Endpoint) => {
    if (route !== undefined) return { en: 'a network without a way out', zh: '没有出口的网络' };
    if (name !== 'eth0') return { en: `an interface ${name}`, zh: `接口 ${name}` };
    if (mtu !== undefined) return { en: `an MTU of ${mtu}`, zh: `MTU ${mtu}` };
    return isolated ? { en: 'a network that keeps its containers apart', zh: '隔开各容器的网络' } : undefined;
  },
};

/** What of this call the learner's piece was not written for. */
export function untaught(piece: string, args: readonly unknown[]): Text | undefined {
  return questions[piece as keyof Pieces]?.(...(args as never[]));
}

/** The line that tells it. */
export function tellUntaught({ name, lesson }: OwnPiece, what: Text, language: Language): string {
  const number = lesson.slice(0, 2);
  return language === 'zh'
    ? `${name}：${what.zh}超出了第 ${number} 课的内容，这里用引擎自己的函数\n`
    : `${name}: ${what.en} is beyond lesson ${number}, so the engine's own piece is used here\n`;
}
