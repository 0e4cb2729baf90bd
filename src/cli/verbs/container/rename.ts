import { MinidockError } from '../../../errors.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: 'CONTAINER NEW_NAME',
  flags: {},
  operands: [2, 2],
  completes: ['containers'],
  async run(context, _flags, [name = '', wanted = '']) {
    if (name.trim() === '' || wanted.trim() === '')
      throw new MinidockError('invalid-name', 'Neither old nor new names may be empty');
    const { containers } = await context.engine();
    await containers.rename(name, wanted);
    return 0;
  },
});
