import { any, slice } from '../../go/types.ts';
import { value as goValue } from '../../go/values.ts';
import { type Route, value } from '../../server/route.ts';
import { diskUsageShape } from '../../shapes/system/disk-usage.ts';
import { infoFields } from '../../shapes/system/info.ts';
import { serverInfo } from '../../shapes/system/info-type.ts';

export const infoRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/info',
    async handle(_request, { engine: { system } }) {
      const found = await system.info();
      const settings = { root: found.root, logDefaults: { driver: found.logDriver } };
      return value(found, of => {
        const { ClientInfo: _, ...fields } = infoFields(of, settings);
        return goValue(serverInfo, fields);
      });
    },
  },
  {
    // There are none; clients that list volume drivers ask.
    method: 'GET',
    path: '/plugins',
    handle: () => value(undefined, () => goValue(slice(any), [])),
  },
  {
    method: 'GET',
    path: '/system/df',
    handle: async (_request, { engine: { system } }) => value(await system.diskUsage(), diskUsageShape),
  },
];
