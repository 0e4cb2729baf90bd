import type { GoType, Struct } from './types.ts';

const kinds: Readonly<Partial<Record<GoType['kind'], string>>> = {
  bool: 'boolean',
  int: 'number',
  uint: 'number',
  float: 'number',
  string: 'string',
};

/** JSON that others wrote, as data of a type: what is not of its type is left out. */
export function conform(type: GoType, json: unknown): unknown {
  if (json === null || json === undefined) return json;
  switch (type.kind) {
    case 'struct':
      return isObject(json) ? fieldsOf(type, json) : undefined;
    case 'pointer':
      return conform(type.element, json);
    case 'map':
      return isObject(json)
        ? Object.fromEntries(Object.entries(json).map(([key, item]) => [key, conform(type.element, item)]))
        : undefined;
    case 'slice':
    case 'array':
      return Array.isArray(json) ? json.map(item => conform(type.element, item)) : undefined;
    case 'interface':
      return undefined;
    default:
      return typeof json === kinds[type.kind] ? json : undefined;
  }
}

function fieldsOf({ fields }: Struct, json: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    fields
      .filter(field => Object.hasOwn(json, field.json))
      .map(({ json: key, type }) => [key, conform(type, json[key])]),
  );
}

const isObject = (json: unknown): json is Record<string, unknown> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
