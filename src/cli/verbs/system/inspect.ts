import { encodeJson } from '../../../api/go/json.ts';
import { any, slice } from '../../../api/go/types.ts';
import { type Value, value } from '../../../api/go/values.ts';
import { inspectContainer } from '../../../api/shapes/container/inspect.ts';
import { inspectImage } from '../../../api/shapes/image/inspect.ts';
import { inspectNetwork } from '../../../api/shapes/network/inspect.ts';
import { inspectVolume } from '../../../api/shapes/volume/inspect.ts';
import type { Engine } from '../../../engine/engine.ts';
import { type ErrorCode, MinidockError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { type Candidates, RefusedValue, single, text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printWarning } from '../../print/diagnostics.ts';
import { each } from '../../print/each.ts';

const types = ['container', 'image', 'network', 'volume'] as const;
type ObjectType = (typeof types)[number];
const objects: Readonly<Record<string, Candidates>> = {
  container: 'containers',
  image: 'images',
  network: 'networks',
  volume: 'volume names',
};

export const verb = defineVerb({
  synopsis: '[OPTIONS] NAME|ID [NAME|ID...]',
  flags: {
    format: text(`A Go template, or 'json'`, { short: 'f', completes: ['json'] }),
    size: toggle('Show what containers wrote, and that together with their images', { short: 's' }),
    type: single('string', readType, 'Look only for a container, an image, a network or a volume', {
      completes: types,
    }),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  completes: [given => objects[given.get('type') ?? ''] ?? 'containers and images'],
  async run(context, flags, names) {
    const print = await printer(flags, context);
    const engine = await context.engine();
    const found: Value[] = [];
    const code = await each(
      names,
      context.output,
      name => find(name, engine, flags),
      (_, { kind, item }) => {
        if (flags.size && kind !== 'container') printWarning(context.output, `--size ignored for ${kind}`);
        if (print === undefined) found.push(item);
        else print(item);
      },
    );
    if (print === undefined) context.output.data(`${encodeJson(list(found), flags.format === 'json' ? 0 : 4)}\n`);
    return code;
  },
});

/** Prints one object by the template; undefined where all are printed as one list. */
async function printer({ format, type }: { format?: string; type?: ObjectType }, { output }: Context) {
  if (format === undefined || format === '' || format === 'json') return undefined;
  const { compileForInspect } = await import('../../template/inspection.ts');
  const template = compileForInspect(format, { byKeys: type !== 'volume' });
  return (item: Value) => output.data(`${template(item)}\n`);
}

const list = (items: readonly Value[]): Value => value(slice(any), items);

async function find(
  name: string,
  { containers, images, networks, volumes }: Engine,
  { type, size }: { readonly type: ObjectType | undefined; readonly size: boolean },
): Promise<{ kind: ObjectType; item: Value }> {
  const among = <T>(kind: ObjectType, inspect: () => Promise<T>) =>
    type === undefined || type === kind ? found(inspect, type === undefined) : undefined;
  const container = await among('container', () => containers.inspect(name, { size }));
  if (container !== undefined) return { kind: 'container', item: inspectContainer(container) };
  const image = await among('image', () => images.inspect(name));
  if (image !== undefined) return { kind: 'image', item: inspectImage(image) };
  const network = await among('network', () => networks.inspect(name));
  if (network !== undefined) return { kind: 'network', item: inspectNetwork(network) };
  const volume = await among('volume', () => volumes.inspect(name));
  if (volume !== undefined) return { kind: 'volume', item: inspectVolume(volume) };
  throw new MinidockError('no-such-object', `No such ${type ?? 'object'}: ${name}`);
}

const missing: readonly ErrorCode[] = ['no-such-container', 'no-such-image', 'no-such-network', 'no-such-volume'];

/** Where anything may be meant, what can name no image is the name of nothing. */
async function found<T>(inspect: () => Promise<T>, isAnything: boolean): Promise<T | undefined> {
  try {
    return await inspect();
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
    if (missing.includes(error.code) || (isAnything && error.code === 'invalid-reference')) return undefined;
    throw error;
  }
}

function readType(given: string): ObjectType | undefined {
  if (given === '') return undefined;
  const type = types.find(known => known === given);
  if (type === undefined)
    throw new RefusedValue(
      'invalid-argument',
      `"${given}" is not a valid value for --type (container, image, network, volume)`,
    );
  return type;
}
