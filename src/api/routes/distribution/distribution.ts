import { inspectManifest } from '../../../registry/inspect-manifest.ts';
import { type Route, value } from '../../server/route.ts';
import { distributionInspect } from '../../shapes/image/distribution.ts';
import { registryAuth } from '../../shapes/registry-auth.ts';

/** GET /distribution/{name}/json: what a registry has under a name. */
export const distributionRoute: Route = {
  method: 'GET',
  path: '/distribution/{name:.*}/json',
  async handle({ params, headers, abort }) {
    const asked = { credentials: registryAuth(headers['x-registry-auth']), signal: abort };
    const [top] = await inspectManifest(params.name!, asked);
    const images = await inspectManifest(params.name!, { ...asked, verbose: true });
    return value({ top: top!, images }, distributionInspect);
  },
};
