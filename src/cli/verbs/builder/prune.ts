import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: { force: toggle('Do not ask: minidock never does', { short: 'f' }) },
  operands: [0, 0],
  async run(context) {
    const { builder } = await context.engine();
    context.output.out(`Steps forgotten: ${await builder.prune()}\n`);
    return 0;
  },
});
