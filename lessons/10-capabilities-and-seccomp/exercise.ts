import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { call } from '../../src/syscalls/calls.ts';
import { struct } from '../../src/syscalls/data.ts';
import type { Step } from '../../src/syscalls/step.ts';
import { capabilityNames, capabilityNumbers, toMask } from '../../src/syscalls/uapi/capabilities.ts';
import { PR } from '../../src/syscalls/uapi/flags.ts';
import { todo } from '../../src/workshop/exercise/todo.ts';

/**
 * capset(2): these rights become effective and permitted; the inheritable set becomes empty. Written for you, because
 * the two masks lie in the structure in halves of 32 bits.
 * capset(2)：设置有效集和许可集，并清空可继承集。已经写好，因为两个掩码在结构里各拆成 32 位的两半。
 */
function capset(effective: readonly string[], permitted: readonly string[]): Step {
  const [e, p] = [toMask(effective), toMask(permitted)];
  const half = (mask: bigint, shift: bigint) => ({ u32: Number((mask >> shift) & 0xffffffffn) });
  const sets = [0n, 32n].flatMap(shift => [half(e, shift), half(p, shift), { u32: 0 }]);
  return call(
    'capset',
    [
      struct('{version 3}', { u32: 0x20080522 }, { u32: 0 }),
      struct(`{effective=0x${e.toString(16)}, permitted=0x${p.toString(16)}, inheritable=0}`, ...sets),
    ],
    { why: { en: 'set the capabilities; none is inheritable', zh: '设置权能，可继承的一项也没有' } },
  );
}

/** The list of groups as setgroups(2) wants it. / setgroups(2) 所要的组列表。 */
const groupList = (ids: readonly number[]) => struct(`[${ids.join(', ')}]`, ...ids.map(u32 => ({ u32 })), { pad: 4 });

/**
 * Child section: the process gives up what the container may not have, and becomes its user. It can still do everything now.
 * 子进程交出容器不该有的权能，并换成容器的用户。此刻它还什么都能做。
 */
export const capabilities: Pieces['capabilities'] = (sets, user, host) => {
  // Return the steps in the right order: each must come while the right that it needs is still there.
  // 按正确的顺序返回这些步骤：每一步都要在它所需的权能还在时完成。
  // - the bounding set: prctl(PR.PR_CAPBSET_DROP, number, 0, 0, 0) for each capability of `host.capabilities`
  //   (capabilityNames has all names, capabilityNumbers their numbers) that `sets.bounding` lacks
  //   边界集：`host.capabilities` 里有、`sets.bounding` 里没有的，每项一次 prctl（名字见 capabilityNames，编号见 capabilityNumbers）
  // - setgroups(count, groupList(…)), setgid(gid), setuid(uid): from `user`
  //   组和用户：取自 `user`
  // - capset(sets.effective, sets.permitted)
  //   权能集：capset(sets.effective, sets.permitted)
  return todo();
};
