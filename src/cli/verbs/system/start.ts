import { defineVerb } from '../../grammar/verb.ts';
import { printWarning } from '../../print/diagnostics.ts';

export const verb = defineVerb({
  synopsis: '',
  flags: {},
  operands: [0, 0],
  async run(context) {
    const engine = await context.engine();
    const { started, failures } = await engine.system.start();
    for (const name of started) context.output.out(`${name}\n`);
    for (const { name, reason } of failures) printWarning(context.output, `${name} was not started: ${reason}`);
    return failures.length === 0 ? 0 : 1;
  },
});
