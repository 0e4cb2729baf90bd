import os from 'node:os';
import { version } from '../../../version.ts';
import { value as goValue } from '../../go/values.ts';
import { type Route, value } from '../../server/route.ts';
import { newest, oldest } from '../../server/version.ts';
import { versionType } from '../../shapes/system/version.ts';

/** GET /version */
export const versionRoute: Route = {
  method: 'GET',
  path: '/version',
  handle: () => value(undefined, shape),
};

function shape() {
  const about = {
    ApiVersion: `1.${newest}`,
    Arch: process.arch === 'x64' ? 'amd64' : process.arch,
    KernelVersion: os.release(),
    MinAPIVersion: `1.${oldest}`,
    Os: 'linux',
  };
  const component = { Name: 'Engine', Version: version, Details: { ...about, Experimental: 'false' } };
  return goValue(versionType, { ...about, Version: version, Platform: { Name: 'minidock' }, Components: [component] });
}
