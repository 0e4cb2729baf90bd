import { MinidockError } from '../../../errors.ts';
import { warnOfIgnored } from '../../context.ts';
import { CommandLineError } from '../../exit-codes.ts';
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
  failure: { usage: 125 },
  async run(context, flags, operands) {
    const options = wanted(() => toRunOptions(flags, operands, context.env, false));
    warnOfIgnored(context);
    try {
      context.output.out(`${await createContainer(context, flags, options)}\n`);
      return 0;
    } catch (error) {
      throw explainFlagAsCommand(error, operands.slice(1), 'minidock create [OPTIONS] IMAGE');
    }
  },
});

/** As in Docker what is wrong with the flags has the exit code of a mistake in the command line, and everything else 1. */
function wanted<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
    const { code, message, fix } = error;
    throw new CommandLineError(code, message, { exitCode: 125, fix, cause: error });
  }
}
