import { chainsOf } from './chains.ts';

const { forward, user } = chainsOf('');

/**
 * Docker's rule that lets the containers of one of its networks out to every interface but their own bridge: also into our
 * bridges.
 */
const letOut = /^-i (\S+) ! -o \1 -j ACCEPT$/;

/**
 * What puts jumps of the filter table in their places, for iptables-restore; empty where they stand there.
 *
 * - MINIDOCK-USER is the first in MINIDOCK-FORWARD: what an administrator writes into it overrules every rule of ours.
 * - MINIDOCK-FORWARD comes before the rules by which Docker lets its containers out. A Docker that starts after us puts them
 *   at the top of FORWARD. Rules of others stay where they are: whoever wrote one before ours meant it.
 *
 * @param rulesIn the rules of a chain, without `-A CHAIN`
 * @param inserting whether other jumps are put at the top of MINIDOCK-FORWARD before this
 */
export function misplaced(rulesIn: (chain: string) => readonly string[], inserting: boolean): string[] {
  const [toUser, toForward] = [`-j ${user}`, `-j ${forward}`];
  const inForward = rulesIn(forward);
  const all = rulesIn('FORWARD');
  const docker = all.findIndex(rule => letOut.test(rule));
  const toUsers = inForward.filter(rule => rule === toUser);
  return [
    ...(inForward[0] === toUser && toUsers.length === 1 && !inserting
      ? []
      : [...toUsers.map(rule => `-D ${forward} ${rule}`), `-I ${forward} 1 ${toUser}`]),
    ...(docker >= 0 && docker < all.indexOf(toForward)
      ? [`-D FORWARD ${toForward}`, `-I FORWARD ${docker + 1} ${toForward}`]
      : []),
  ];
}

/**
 * What leaves of jumps that stand in their chain more than once the first, for iptables-restore. iptables deletes the first of
 * equal rules, and by its number might delete another's: so all go, and one comes back to the place of the first.
 */
export function surplus(
  rulesIn: (chain: string) => readonly string[],
  jumps: readonly { readonly chain: string; readonly rule: string }[],
): string[] {
  return [...new Set(jumps.map(({ chain }) => chain))].flatMap(chain => {
    const there = rulesIn(chain);
    const wanted = new Set(jumps.filter(jump => jump.chain === chain).map(({ rule }) => rule));
    const once = there.filter((rule, place) => !wanted.has(rule) || there.indexOf(rule) === place);
    return once.flatMap((rule, place) => {
      const all = there.filter(one => one === rule);
      if (!wanted.has(rule) || all.length === 1) return [];
      return [...all.map(() => `-D ${chain} ${rule}`), `-I ${chain} ${place + 1} ${rule}`];
    });
  });
}
