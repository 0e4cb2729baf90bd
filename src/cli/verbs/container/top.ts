import { defineVerb } from '../../grammar/verb.ts';
import { inOneLine } from '../../print/printable.ts';
import { printTable } from '../../print/table.ts';

/** Docker's columns are at least this wide here. */
const narrowest = 20;

export const verb = defineVerb({
  synopsis: 'CONTAINER [ps OPTIONS]',
  flags: {},
  operands: [1, Number.POSITIVE_INFINITY],
  completes: ['running containers'],
  stopAtOperand: true,
  async run({ engine, output }, _flags, [name, ...options]) {
    const { containers } = await engine();
    const { titles, processes } = await containers.top(name!, options);
    output.out(
      printTable(
        [titles, ...processes].map(row => row.map(inOneLine)),
        narrowest,
      ),
    );
    return 0;
  },
});
