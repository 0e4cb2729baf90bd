import { familiar, parseReference } from '../../../oci/reference.ts';
import { many, text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  flags: {
    author: text('Who made it: "Ada Lovelace <ada@example.com>"', { short: 'a' }),
    change: many('list', (change: string) => change, `Dockerfile instruction for the image: 'CMD ["sh"]'`, {
      short: 'c',
    }),
    message: text('Note in the history of the image', { short: 'm' }),
    pause: { ...toggle('Let the container stand still meanwhile', { short: 'p' }), initial: true },
  },
  operands: [1, 2],
  completes: ['containers', 'images'],
  async run(context, { author, change: changes, message, pause }, [container, reference]) {
    const { containers } = await context.engine();
    const { id } = await containers.commit(container!, {
      // As Docker's client it sends the tag that goes without saying.
      reference: reference ? familiar(parseReference(reference)) : undefined,
      author,
      message,
      changes,
      pause,
    });
    context.output.out(`${id}\n`);
    return 0;
  },
});
