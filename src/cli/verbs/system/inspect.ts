import type { Engine } from '../../../engine/engine.ts';
import { MinidockError } from '../../../errors.ts';
import { containerPaths } from '../../../state/paths.ts';
import type { Context } from '../../context.ts';
import { single, text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import type { Images } from '../../images.ts';
import { each } from '../../print/each.ts';
import { encodeJson } from '../../template/go/json.ts';
import { any, slice } from '../../template/go/types.ts';
import { type Value, value } from '../../template/go/values.ts';
import { inspectContainer } from '../container/inspect-shape.ts';
import { inspectImage } from '../image/inspect-shape.ts';

const types = ['container', 'image'] as const;
type ObjectType = (typeof types)[number];

export const verb = defineVerb({
  synopsis: '[OPTIONS] NAME|ID [NAME|ID...]',
  flags: {
    format: text(`A Go template, or 'json'`, { short: 'f' }),
    type: single('string', readType, 'Look only for a container, or an image'),
  },
  operands: [1, Number.POSITIVE_INFINITY],
  async run(context, flags, names) {
    const print = await printer(flags.format, context);
    const engine = flags.type === 'image' ? undefined : await context.engine();
    const images = await context.images();
    const found: Value[] = [];
    const code = await each(
      names,
      context.output,
      name => find(name, engine, images, context, flags.type),
      (_, item) => {
        if (print === undefined) found.push(item);
        else print(item);
      },
    );
    if (print === undefined) context.output.data(`${encodeJson(list(found), flags.format === 'json' ? 0 : 4)}\n`);
    return code;
  },
});

/** Prints one object by the template; undefined where all are printed as one list. */
async function printer(format: string | undefined, { output }: Context) {
  if (format === undefined || format === '' || format === 'json') return undefined;
  const { compileForInspect } = await import('../../template/inspection.ts');
  const template = compileForInspect(format);
  return (item: Value) => output.data(`${template(item)}\n`);
}

const list = (items: readonly Value[]): Value => value(slice(any), items);

async function find(
  name: string,
  engine: Engine | undefined,
  images: Images,
  context: Context,
  type: ObjectType | undefined,
): Promise<Value> {
  if (engine !== undefined) {
    const container = await findContainer(name, engine, context);
    if (container !== undefined) return container;
  }
  const image = type === 'container' ? undefined : images.find(name);
  if (image !== undefined) return inspectImage(image);
  throw new MinidockError('no-such-object', `No such ${type ?? 'object'}: ${name}`);
}

async function findContainer(name: string, engine: Engine, { settings }: Context) {
  try {
    const record = await engine.find(name);
    return inspectContainer(record, containerPaths(settings, record.id));
  } catch (error) {
    if (error instanceof MinidockError && error.code === 'no-such-container') return undefined;
    throw error;
  }
}

function readType(given: string): ObjectType {
  const type = types.find(known => known === given);
  if (type === undefined) throw new Error(`"${given}" is not a valid value for --type (container, image)`);
  return type;
}
