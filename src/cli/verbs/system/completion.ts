import { basename } from 'node:path';
import { MinidockError } from '../../../errors.ts';
import { completionScript, shells } from '../../completion/script.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[bash|zsh|fish]',
  flags: {},
  operands: [0, 1],
  completes: [shells],
  async run({ output, env }, _, [given]) {
    const own = shells.find(shell => shell === basename(env.SHELL ?? ''));
    const shell = given === undefined ? (own ?? 'bash') : shells.find(shell => shell === given);
    if (shell === undefined) {
      throw new MinidockError('invalid-argument', `there is no completion for '${given}'`, {
        fix: `minidock completion ${shells.join('|')}`,
      });
    }
    output.data(completionScript(shell));
    return 0;
  },
});
