import type { Route } from '../server/route.ts';
import { buildRoutes } from './build/build.ts';
import { attachRoute } from './containers/attach.ts';
import { fileRoutes } from './containers/files.ts';
import { lifeRoutes } from './containers/life.ts';
import { logsRoute } from './containers/logs.ts';
import { lookRoutes } from './containers/look.ts';
import { statsRoute } from './containers/stats.ts';
import { waitRoute } from './containers/wait.ts';
import { distributionRoute } from './distribution/distribution.ts';
import { execRoutes } from './execs/execs.ts';
import { changeRoutes } from './images/change.ts';
import { commitRoute } from './images/commit.ts';
import { listRoutes } from './images/list.ts';
import { transferRoutes } from './images/transfer.ts';
import { networkRoutes } from './networks/networks.ts';
import { authRoute } from './system/auth.ts';
import { events } from './system/events.ts';
import { infoRoutes } from './system/info.ts';
import { ping } from './system/ping.ts';
import { versionRoute } from './system/version.ts';
import { volumeRoutes } from './volumes/volumes.ts';

/** All that the daemon answers. Of several that fit a request the first is meant. */
export const routes: readonly Route[] = [
  ...ping,
  versionRoute,
  events,
  authRoute,
  ...infoRoutes,
  ...lookRoutes,
  ...lifeRoutes,
  waitRoute,
  attachRoute,
  logsRoute,
  statsRoute,
  ...fileRoutes,
  ...execRoutes,
  ...listRoutes,
  ...transferRoutes,
  ...changeRoutes,
  commitRoute,
  ...networkRoutes,
  ...volumeRoutes,
  ...buildRoutes,
  distributionRoute,
];
