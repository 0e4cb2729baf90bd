import { bool, key, omitEmpty, slice, string, stringMap, struct } from '../../go/types.ts';

const component = struct('types.ComponentVersion', { Name: string, Version: string, Details: omitEmpty(stringMap) });

/** What Docker's API, version 1.41, answers to GET /version. */
export const versionType = struct('types.Version', {
  Platform: struct('types.platform', { Name: string }),
  Components: omitEmpty(slice(component)),
  Version: string,
  APIVersion: key('ApiVersion', string),
  MinAPIVersion: omitEmpty(string),
  GitCommit: string,
  GoVersion: string,
  Os: string,
  Arch: string,
  KernelVersion: omitEmpty(string),
  Experimental: omitEmpty(bool),
  BuildTime: omitEmpty(string),
});
