import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[bash]',
  flags: {},
  operands: [0, 1],
  async run({ output }) {
    const { completionScript } = await import('../../grammar/help.ts');
    output.out(await completionScript());
    return 0;
  },
});
