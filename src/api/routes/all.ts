import type { Route } from '../server/route.ts';
import { list } from './containers/list.ts';
import { events } from './system/events.ts';
import { ping } from './system/ping.ts';
import { versionRoute } from './system/version.ts';

/** All that the daemon answers. Of several that fit a request the first is meant. */
export const routes: readonly Route[] = [...ping, versionRoute, events, list];
