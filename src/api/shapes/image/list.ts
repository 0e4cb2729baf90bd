import type { HistoryLine } from '../../../image/history.ts';
import type { Pruned } from '../../../image/prune.ts';
import type { Removal } from '../../../image/remove.ts';
import type { ImageRecord } from '../../../image/store.ts';
import type { Found } from '../../../registry/search.ts';
import { bool, int, int64, key, omitEmpty, slice, string, stringMap, strings, struct, uint64 } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';
import type { Listed } from './filters.ts';

/** What Docker's API, version 1.41, answers to GET /images/json. */
export const imageSummary = struct('types.ImageSummary', {
  Containers: int64,
  Created: int64,
  ID: key('Id', string),
  Labels: stringMap,
  ParentID: key('ParentId', string),
  RepoDigests: strings,
  RepoTags: strings,
  SharedSize: int64,
  Size: int64,
  VirtualSize: int64,
});

const none = '<none>';

/** As in Docker nobody counted what is -1. */
export const imageList = (listed: readonly Listed[]): Value => value(slice(imageSummary), listed.map(summaryOfImage));

export const summaryOfImage = ({ image, tags }: Listed) => ({
  Containers: -1,
  Created: seconds(image.created),
  Id: image.id,
  Labels: image.config.Labels ?? null,
  ParentId: image.parent ?? '',
  ...namesOf(image, tags),
  SharedSize: -1,
  Size: image.size,
  VirtualSize: image.size,
});

function namesOf({ repoDigests }: ImageRecord, tags: readonly string[]) {
  if (tags.length === 0 && repoDigests.length === 0)
    return { RepoDigests: [`${none}@${none}`], RepoTags: [`${none}:${none}`] };
  return {
    RepoDigests: repoDigests.length > 0 ? repoDigests : null,
    RepoTags: tags.length > 0 ? tags : null,
  };
}

const seconds = (time: string | undefined) => (time === undefined ? 0 : Math.floor(Date.parse(time) / 1000));

const historyItem = struct('image.HistoryResponseItem', {
  Comment: string,
  Created: int64,
  CreatedBy: string,
  ID: key('Id', string),
  Size: int64,
  Tags: strings,
});

/** @param tags names of images by their ids */
export const imageHistory = (lines: readonly HistoryLine[], tags: ReadonlyMap<string, readonly string[]>): Value =>
  value(
    slice(historyItem),
    lines.map(({ id, created, createdBy, comment, size }) => {
      const names = id === undefined ? [] : (tags.get(id) ?? []);
      return {
        Comment: comment,
        Created: seconds(created),
        CreatedBy: createdBy,
        Id: id ?? '<missing>',
        Size: size,
        Tags: names.length > 0 ? names : null,
      };
    }),
  );

const deleteItem = struct('types.ImageDeleteResponseItem', { Deleted: omitEmpty(string), Untagged: omitEmpty(string) });

const deleted = (removal: Removal) =>
  removal.map(line => ('untagged' in line ? { Untagged: line.untagged } : { Deleted: line.deleted }));

export const removedImages = (removal: Removal): Value => value(slice(deleteItem), deleted(removal));

const pruneReport = struct('types.ImagesPruneReport', { ImagesDeleted: slice(deleteItem), SpaceReclaimed: uint64 });

export const prunedImages = ({ lines, bytes }: Pruned): Value =>
  value(pruneReport, { ImagesDeleted: lines.length > 0 ? deleted(lines) : null, SpaceReclaimed: bytes });

const searchResult = struct('registry.SearchResult', {
  StarCount: key('star_count', int),
  IsOfficial: key('is_official', bool),
  Name: key('name', string),
  IsAutomated: key('is_automated', bool),
  Description: key('description', string),
});

export const searchResults = (found: readonly Found[]): Value =>
  value(
    slice(searchResult),
    found.map(({ stars, official, name, automated, description }) => ({
      star_count: stars,
      is_official: official,
      name,
      is_automated: automated,
      description,
    })),
  );

const idResponse = struct('types.IDResponse', { ID: key('Id', string) });

export const idOf = ({ id }: { readonly id: string }): Value => value(idResponse, { Id: id });
