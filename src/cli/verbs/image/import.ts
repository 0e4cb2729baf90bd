import { Readable } from 'node:stream';
import { MinidockError } from '../../../errors.ts';
import { parsePlatform } from '../../../oci/platform.ts';
import { many, single, text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { platforms } from '../../options/platforms.ts';
import { interruptible } from '../../terminal/interrupt.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] FILE|URL|- [REPOSITORY[:TAG]]',
  flags: {
    change: many('list', (change: string) => change, `Dockerfile instruction for the image: 'CMD ["sh"]'`, {
      short: 'c',
    }),
    message: text('Note in the history of the image', { short: 'm' }),
    platform: single('string', parsePlatform, 'What the image is for: linux/arm64 (default: this machine)', {
      completes: platforms,
    }),
  },
  operands: [1, 2],
  completes: ['files', 'images'],
  async run(context, { message, platform, change: changes }, [source, reference]) {
    const { images } = await context.engine();
    const { id } = await interruptible(async signal => {
      const input = await open(source!, signal, context.output.err);
      return images.import(input, {
        reference,
        message,
        changes,
        abort: signal,
        from: isUrl(source!) ? source : undefined,
        platform,
      });
    });
    context.output.out(`${id}\n`);
    return 0;
  },
});

const isUrl = (source: string) => /^https?:\/\//.test(source);

async function open(source: string, signal: AbortSignal, say: (text: string) => void): Promise<string | Readable> {
  if (source === '-') return process.stdin;
  if (!isUrl(source)) return source;
  if (!URL.canParse(source)) throw unusable(source, 'it is no URL');
  const { send } = await import('../../../registry/http/http.ts');
  say(`Downloading from ${source}\n`);
  const { status, body } = await send({ url: new URL(source), signal }).catch(error => {
    throw signal.aborted ? error : unusable(source, error.message);
  });
  if (status === 200) return Readable.from(explained(source, body));
  body.destroy();
  throw unusable(source, `the server answered ${status}`);
}

async function* explained(source: string, body: Readable): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw unusable(source, `the connection broke: ${(error as Error).message}`);
  }
}

function unusable(source: string, reason: string): MinidockError {
  return new MinidockError('cannot-download', `cannot import ${JSON.stringify(source)}: ${reason}`);
}
