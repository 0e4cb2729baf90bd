import type { Change, CreatedContainer, ProcessList, PrunedContainers } from '../../../engine/nouns/containers.ts';
import { int, int64, key, pointer, slice, string, strings, struct, uint8, uint64 } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';

const created = struct('container.ContainerCreateCreatedBody', { ID: key('Id', string), Warnings: strings });
/** POST /containers/create */
export const createdShape = ({ id, warnings }: CreatedContainer): Value =>
  value(created, { Id: id, Warnings: warnings });

const waited = struct('container.ContainerWaitOKBody', {
  Error: pointer(struct('container.ContainerWaitOKBodyError', { Message: string })),
  StatusCode: int64,
});
/** POST /containers/{id}/wait */
export const waitedShape = (code: number): Value => value(waited, { StatusCode: code });
/** Its end where nobody can say how the container ends. */
export const waitFailedShape = ({ message }: { message: string }): Value =>
  value(waited, { Error: { Message: message }, StatusCode: -1 });

const updated = struct('container.ContainerUpdateOKBody', { Warnings: strings });
/** POST /containers/{id}/update */
export const updatedShape = (warnings: readonly string[]): Value =>
  value(updated, { Warnings: warnings.length > 0 ? warnings : undefined });

const top = struct('container.ContainerTopOKBody', { Processes: slice(strings), Titles: strings });
/** GET /containers/{id}/top */
export const topShape = ({ titles, processes }: ProcessList): Value =>
  value(top, { Processes: processes, Titles: titles });

const change = struct('container.ContainerChangeResponseItem', { Kind: uint8, Path: string });
const kinds = { C: 0, A: 1, D: 2 } as const;
/** GET /containers/{id}/changes; `null` where nothing changed. */
export const changesShape = (changes: readonly Change[]): Value =>
  value(
    slice(change),
    changes.length > 0 ? changes.map(({ kind, path }) => ({ Kind: kinds[kind], Path: path })) : undefined,
  );

const pruned = struct('types.ContainersPruneReport', { ContainersDeleted: strings, SpaceReclaimed: uint64 });
/** POST /containers/prune */
export const prunedShape = ({ ids, bytes }: PrunedContainers): Value =>
  value(pruned, { ContainersDeleted: ids.length > 0 ? ids : undefined, SpaceReclaimed: bytes });

const stat = struct('types.ContainerPathStat', {
  Name: key('name', string),
  Size: key('size', int64),
  Mode: key('mode', int),
  Mtime: key('mtime', string),
  LinkTarget: key('linkTarget', string),
});
export const pathStatType = stat;
