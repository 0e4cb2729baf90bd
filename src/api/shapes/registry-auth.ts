import { MinidockError } from '../../errors.ts';
import type { Credentials } from '../../registry/auth/credential-helper.ts';
import { decodeJson } from '../go/decode.ts';
import { map, omitEmpty, string, struct } from '../go/types.ts';

const type = struct('types.AuthConfig', {
  Username: omitEmpty(string, 'username'),
  Password: omitEmpty(string, 'password'),
  Auth: omitEmpty(string, 'auth'),
  ServerAddress: omitEmpty(string, 'serveraddress'),
  IdentityToken: omitEmpty(string, 'identitytoken'),
  RegistryToken: omitEmpty(string, 'registrytoken'),
});

interface AuthBody {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identitytoken?: string;
}

/** Whom a registry is asked as: `none` is nobody, whatever this host's own files say. */
export type Whom = Credentials | 'none';

/**
 * The header X-Registry-Auth: JSON in base64, also of URLs. As in Docker one that cannot be read counts as none; `required` for a
 * push, which has to have one.
 *
 * @throws {MinidockError} `invalid-argument`
 */
export function registryAuth(header: string | string[] | undefined, { required = false } = {}): Whom {
  const text = Buffer.from(String(header ?? ''), 'base64').toString();
  try {
    return whom(decodeJson<AuthBody | undefined>(type, text) ?? {});
  } catch (error) {
    if (!required) return 'none';
    throw new MinidockError(
      'invalid-argument',
      `Bad parameters and missing X-Registry-Auth: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** The header X-Registry-Config of a build: credentials by the hosts of registries. */
export function registryConfig(header: string | string[] | undefined): Readonly<Record<string, Whom>> {
  const text = Buffer.from(String(header ?? ''), 'base64').toString();
  try {
    const found = decodeJson<Record<string, AuthBody> | undefined>(map(type), text) ?? {};
    return Object.fromEntries(Object.entries(found).map(([host, body]) => [hostOf(host), whom(body)]));
  } catch {
    return {};
  }
}

/** `https://index.docker.io/v1/` is Docker Hub's. */
const hostOf = (key: string) =>
  key
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
    .replace(/^index\.docker\.io$/, 'docker.io');

function whom({ username = '', password = '', auth = '', identitytoken }: AuthBody): Whom {
  const [, user, secret] = /^([^:]+):(.*)$/s.exec(Buffer.from(auth, 'base64').toString()) ?? [];
  const known = { username: username || (user ?? ''), password: password || (secret ?? '') };
  if (identitytoken) return { ...known, identityToken: identitytoken };
  return known.username === '' ? 'none' : known;
}
