import { bool, key, omitEmpty, pointer, string, struct } from '../../../api/go/types.ts';
import { versionType } from '../../../api/shapes/system/version.ts';

const client = struct('system.clientVersion', {
  Platform: omitEmpty(struct('system.platformInfo', { Name: string })),
  Version: string,
  APIVersion: key('ApiVersion', string),
  DefaultAPIVersion: omitEmpty(string),
  GitCommit: string,
  GoVersion: string,
  NodeVersion: string,
  Os: string,
  Arch: string,
  BuildTime: omitEmpty(string),
  Context: string,
  Experimental: omitEmpty(bool),
});

/** What `version --format` sees, in the words of Docker's client. */
export const versionInfo = struct(
  'system.versionInfo',
  { Client: client, Server: pointer(versionType) },
  { methods: { ServerOK: { parameters: [], result: bool, call: () => true } } },
);
