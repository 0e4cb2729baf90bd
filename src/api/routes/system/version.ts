import os from 'node:os';
import { value as goValue } from '../../go/values.ts';
import { type Route, value } from '../../server/route.ts';
import { engineFacts } from '../../shapes/system/engine-facts.ts';
import { versionType } from '../../shapes/system/version.ts';

/** GET /version */
export const versionRoute: Route = {
  method: 'GET',
  path: '/version',
  handle: () => value(undefined, () => goValue(versionType, engineFacts(os.release()))),
};
