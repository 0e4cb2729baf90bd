import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '',
  flags: {},
  operands: [0, 0],
  async run({ output, engine }) {
    const { networks } = await engine();
    const repairs = await networks.repair();
    if (repairs.length === 0) output.out('no network has been used yet: nothing to repair\n');
    for (const { name, mended, lost } of repairs) {
      output.out(
        mended.length === 0 ? `${name}: nothing was missing\n` : `${name}: was missing, and is there again:\n`,
      );
      output.out(mended.map(line => `  ${line}\n`).join(''));
      for (const line of lost) output.out(`  ${line}: gone with its cable; restart the container\n`);
    }
    return 0;
  },
});
