import type { Credentials } from '../../../registry/auth/credential-helper.ts';
import { string, struct } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';
import { decodeBody } from '../body.ts';

const asked = struct('types.AuthConfig', {
  username: string,
  password: string,
  auth: string,
  email: string,
  serveraddress: string,
  identitytoken: string,
  registrytoken: string,
});

const answered = struct('registry.AuthenticateOKBody', { IdentityToken: string, Status: string });

export interface AuthAsked {
  /** As given; missing: Docker Hub. */
  readonly server: string | undefined;
  readonly credentials: Credentials;
}

/** The body of POST /auth. @throws {MinidockError} `invalid-argument`, in Go's words */
export function decodeAuth(json: string): AuthAsked {
  const body = decodeBody<Partial<Record<'username' | 'password' | 'serveraddress' | 'identitytoken', string>>>(
    asked,
    json,
  );
  const { username = '', password = '', serveraddress, identitytoken } = body;
  return {
    server: serveraddress || undefined,
    credentials: { username, password, ...(identitytoken && { identityToken: identitytoken }) },
  };
}

/** @param accepted the credentials as a client should keep them */
export const authAnswer = ({ identityToken }: Credentials): Value =>
  value(answered, { IdentityToken: identityToken ?? '', Status: 'Login Succeeded' });
