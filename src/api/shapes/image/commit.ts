import { MinidockError } from '../../../errors.ts';
import type { ContainerConfig } from '../../../oci/image-config.ts';
import { decodeJson } from '../../go/decode.ts';
import { embedded, pointer, struct } from '../../go/types.ts';
import { containerConfig } from '../config.ts';

const type = struct('runconfig.ContainerConfigWrapper', { Config: embedded(pointer(containerConfig)) });

/**
 * The body of POST /commit: the config that is asked for the image, without what is empty. Undefined where it asks for none.
 *
 * @throws {MinidockError} `invalid-argument`, in Go's words; for a text with a zero byte, which no program can get
 */
export function decodeCommit(json: string): ContainerConfig | undefined {
  if (json === '') return undefined;
  const body = decodeJson<Record<string, unknown> | undefined>(type, json) ?? {};
  if (JSON.stringify(body).includes('\\u0000'))
    throw new MinidockError('invalid-argument', 'the config of the image has a text with a zero byte in it', {
      fix: 'no program can get such a variable, word or path: leave the zero byte out',
    });
  if (Object.keys(body).length === 0) return undefined;
  const { ExposedPorts, Volumes, Healthcheck, ...rest } = body;
  const sets = { ExposedPorts: setOf(ExposedPorts), Volumes: setOf(Volumes) };
  return { ...given({ ...rest, ...sets }), ...(Healthcheck ? { Healthcheck: given(Healthcheck, true) } : {}) };
}

/** The keys of a set of Go's. */
const setOf = (set: unknown) => set && Object.fromEntries(Object.keys(set).map(key => [key, {}]));

/** The fields that are not empty. An empty list is one: `Entrypoint` without a word is no entrypoint. */
function given(fields: object, dropsLists = false): Record<string, unknown> {
  const isEmpty = (one: unknown) => one === null || one === undefined || one === '' || one === false;
  const isZero = (one: unknown) => one === 0 || (Array.isArray(one) && one.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, one]) => !isEmpty(one) && !(dropsLists && isZero(one))));
}
