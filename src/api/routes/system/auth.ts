import { checkLogin, registryHost } from '../../../registry/auth/login.ts';
import { type Route, value } from '../../server/route.ts';
import { authAnswer, decodeAuth } from '../../shapes/system/auth.ts';

/** POST /auth: whether a registry takes credentials. The client keeps them; the daemon does not. */
export const authRoute: Route = {
  method: 'POST',
  path: '/auth',
  async handle(request, { settings }) {
    const { server, credentials } = await request.json(decodeAuth);
    return value(await checkLogin(registryHost(server), credentials, settings.registries), authAnswer);
  },
};
