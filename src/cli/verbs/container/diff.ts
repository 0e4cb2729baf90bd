import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: 'CONTAINER',
  flags: {},
  operands: [1, 1],
  completes: ['containers'],
  async run(context, _flags, [name]) {
    const { containers } = await context.engine();
    const changes = await containers.changes(name!);
    context.output.out(changes.map(({ kind, path }) => `${kind} ${path}\n`).join(''));
    return 0;
  },
});
