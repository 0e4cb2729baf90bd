import path from 'node:path';
import type { Containers, PathStat } from '../../../engine/nouns/containers.ts';
import { MinidockError } from '../../../errors.ts';
import { encodeJson } from '../../go/json.ts';
import { value as goValue } from '../../go/values.ts';
import { bytes, empty, type Route } from '../../server/route.ts';
import { pathStatType } from '../../shapes/container/answers.ts';

const header = 'X-Docker-Container-Path-Stat';

/** GET, HEAD and PUT /containers/{id}/archive: what `docker cp` asks. */
export const fileRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/containers/{name}/archive',
    async handle({ params, query }, { engine: { containers } }) {
      const stat = await statOf(containers, params.name!, query.text('path'));
      const headers = { 'Content-Type': 'application/x-tar', [header]: encoded(stat, query.text('path')) };
      return bytes(containers.archive(params.name!, query.text('path')), headers);
    },
  },
  {
    method: 'HEAD',
    path: '/containers/{name}/archive',
    async handle({ params, query }, { engine: { containers } }) {
      return empty(200, {
        [header]: encoded(await statOf(containers, params.name!, query.text('path')), query.text('path')),
      });
    },
  },
  {
    method: 'PUT',
    path: '/containers/{name}/archive',
    async handle({ params, query, body }, { engine: { containers } }) {
      const options = { ownedByUser: query.flag('copyUIDGID'), replaces: !query.flag('noOverwriteDirNonDir') };
      await containers.extract(params.name!, requiredPath(query.text('path')), body, options);
      return empty(200);
    },
  },
];

/** @throws {MinidockError} `no-such-file` */
async function statOf(containers: Containers, container: string, given: string): Promise<PathStat> {
  const stat = await containers.statPath(container, requiredPath(given));
  if (stat.kind === 'link') return await withGoal(containers, container, given, stat);
  if (stat.kind !== 'missing') return stat;
  const { record } = await containers.inspect(container);
  throw new MinidockError('no-such-file', `Could not find the file ${given} in container ${record.name}`);
}

/** Clients are told where a link leads, from the root of the container. */
async function withGoal(containers: Containers, container: string, given: string, link: PathStat): Promise<PathStat> {
  const beside = path.posix.resolve(path.posix.dirname(link.path), link.stat!.target ?? '');
  const goal = await containers.statPath(container, given, { followLink: true }).then(
    found => found.path,
    () => beside,
  );
  return { ...link, stat: { ...link.stat!, target: goal } };
}

function requiredPath(given: string): string {
  if (given === '') throw new MinidockError('invalid-argument', 'bad parameter: missing name or path');
  return given;
}

/** JSON in base64, as Docker's client wants it. */
function encoded(stat: PathStat, given: string): string {
  return Buffer.from(encodeJson(goValue(pathStatType, statFields(stat, given)))).toString('base64');
}

/** st_mode as Go's os.FileMode has it: the permissions, and bits of its own for the kind (Go, package io/fs). */
function goMode(mode: number): number {
  const kinds: Record<number, number> = {
    4: 2 ** 31,
    10: 2 ** 27,
    6: 2 ** 26,
    1: 2 ** 25,
    12: 2 ** 24,
    2: 2 ** 26 + 2 ** 21,
  };
  const special = (mode & 0o4000 ? 2 ** 23 : 0) + (mode & 0o2000 ? 2 ** 22 : 0) + (mode & 0o1000 ? 2 ** 20 : 0);
  return (kinds[mode >> 12] ?? 0) + special + (mode & 0o777);
}

function statFields({ stat }: PathStat, given: string) {
  return {
    // As Docker has it: the last word that was asked for.
    name: /[^/]+(?=\/*$)/.exec(given)?.[0] ?? '/',
    size: stat?.size ?? 0,
    mode: goMode(stat?.mode ?? 0),
    mtime: stat?.modified ?? '',
    linkTarget: stat?.target ?? '',
  };
}
