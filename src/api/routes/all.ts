import type { Route } from '../server/route.ts';
import { buildRoutes } from './build/build.ts';
import { list } from './containers/list.ts';
import { distributionRoute } from './distribution/distribution.ts';
import { changeRoutes } from './images/change.ts';
import { commitRoute } from './images/commit.ts';
import { listRoutes } from './images/list.ts';
import { transferRoutes } from './images/transfer.ts';
import { networkRoutes } from './networks/networks.ts';
import { events } from './system/events.ts';
import { ping } from './system/ping.ts';
import { versionRoute } from './system/version.ts';
import { volumeRoutes } from './volumes/volumes.ts';

/** All that the daemon answers. Of several that fit a request the first is meant. */
export const routes: readonly Route[] = [
  ...ping,
  versionRoute,
  events,
  list,
  ...listRoutes,
  ...transferRoutes,
  ...changeRoutes,
  commitRoute,
  ...networkRoutes,
  ...volumeRoutes,
  ...buildRoutes,
  distributionRoute,
];
