import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[SERVER]',
  flags: {},
  operands: [0, 1],
  async run({ output }, _flags, [server]) {
    const { registryHost } = await import('../../../registry/auth/login.ts');
    const { eraseCredentials, hubKey } = await import('../../../registry/auth/credentials.ts');
    const host = registryHost(server);
    const isGone = await eraseCredentials(host);
    const shown = host === 'docker.io' ? hubKey : host;
    output.out(isGone ? `Removing login credentials for ${shown}\n` : `Not logged in to ${shown}\n`);
    return 0;
  },
});
