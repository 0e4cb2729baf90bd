import { warnOfIgnored } from '../../context.ts';
import { explainFlagAsCommand } from '../../grammar/usage.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { containerFlags, toRunOptions } from '../../options/run-options.ts';
import { createContainer, creationFlags } from './creation.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: { ...containerFlags, ...creationFlags },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['images'],
  stopAtOperand: true,
  async run(context, flags, operands) {
    const options = toRunOptions(flags, operands, context.env, false);
    warnOfIgnored(context);
    try {
      context.output.out(`${await createContainer(context, flags, options)}\n`);
      return 0;
    } catch (error) {
      throw explainFlagAsCommand(error, operands.slice(1), 'minidock create [OPTIONS] IMAGE');
    }
  },
});
