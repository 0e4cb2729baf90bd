import type { ContainerRecord } from '../record.ts';
import { refused } from './refused.ts';

type Described = Pick<ContainerRecord, 'id' | 'name' | 'image' | 'imageId' | 'path' | 'args' | 'config'>;

/**
 * What `--log-opt labels`, `labels-regex`, `env`, `env-regex` and `tag` add to every record of a container.
 *
 * @throws {MinidockError} `invalid-argument`
 */
export function attributesOf(record: Described, options: Readonly<Record<string, string>>): Record<string, string> {
  const labels = record.config.Labels ?? {};
  const variables = Object.fromEntries(
    (record.config.Env ?? [])
      .filter(one => one.includes('='))
      .map(one => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  );
  const tag = options.tag ? tagOf(record, options.tag) : '';
  return {
    ...chosen(labels, options.labels, options['labels-regex']),
    ...chosen(variables, options.env, options['env-regex']),
    ...(tag !== '' && { tag }),
  };
}

function chosen(all: Readonly<Record<string, string>>, names = '', pattern = ''): Record<string, string> {
  const wanted = new Set(names.split(','));
  const matches = pattern === '' ? undefined : expression(pattern);
  return Object.fromEntries(Object.entries(all).filter(([name]) => wanted.has(name) || matches?.test(name)));
}

function expression(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
    throw refused(`failed to initialize logging driver: error parsing regexp: ${reason}`, 'mend the expression');
  }
}

const short = (id: string) => id.slice(0, 12);

/** The fields of a tag's template, by Docker's names. */
const fields: Readonly<Record<string, (record: Described) => string>> = {
  ID: ({ id }) => short(id),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  ImageID: ({ imageId }) => short(imageId.replace(/^sha256:/, '')),
  ImageFullID: ({ imageId }) => imageId,
  ImageName: ({ image }) => image,
  Command: ({ path, args }) => [path, ...args].join(' '),
  ContainerID: ({ id }) => id,
  ContainerName: ({ name }) => `/${name}`,
  ContainerImageID: ({ imageId }) => imageId,
  ContainerImageName: ({ image }) => image,
  ContainerEntrypoint: ({ path }) => path,
  DaemonName: () => 'docker',
};

/** A template of fields: what more Go's templates can do has no use in a tag. @throws {MinidockError} `invalid-argument` */
export function tagOf(record: Described, template: string): string {
  return template.replace(/\{\{-?\s*(.*?)\s*-?\}\}|\{\{/g, (action, name?: string) => {
    const field = name?.startsWith('.') && Object.hasOwn(fields, name.slice(1)) ? name.slice(1) : undefined;
    if (field === undefined)
      throw refused(
        `failed to initialize logging driver: template: log-tag: ${action === '{{' ? 'unclosed action' : `can't evaluate ${action}`}`,
        `a tag has ${Object.keys(fields)
          .map(one => `{{.${one}}}`)
          .join(' ')}`,
      );
    return fields[field]!(record);
  });
}
