import { defineVerb } from '../../grammar/verb.ts';
import { printWarning } from '../../print/diagnostics.ts';

export const verb = defineVerb({
  synopsis: '',
  flags: {},
  operands: [0, 0],
  async run(context) {
    const engine = await context.engine();
    const { stopped, failures } = await engine.system.stop();
    for (const name of stopped) context.output.out(`${name}\n`);
    for (const { name, reason } of failures) printWarning(context.output, `${name} was not stopped: ${reason}`);
    return failures.length === 0 ? 0 : 1;
  },
});
