import { MinidockError } from '../../errors.ts';
import { CredentialHelper, type Credentials } from './credential-helper.ts';
import { type DockerConfig, dockerConfigPath, readDockerConfig, updateDockerConfig } from './docker-config.ts';

/** `docker login` keeps Docker Hub's under this key, for historical reasons. */
export const hubKey = 'https://index.docker.io/v1/';

const keyOf = (host: string) => (host === 'docker.io' ? hubKey : host);

/**
 * What `docker login` stored for a registry's host, in the file or with a helper. Undefined where there is nothing. What
 * cannot be understood is an error, its content never part of the message.
 */
export async function findCredentials(host: string, file = dockerConfigPath()): Promise<Credentials | undefined> {
  const config = readDockerConfig(file);
  return (await helperFor(config, host)?.get(keyOf(host))) ?? findInFile(config, host, file);
}

/** Keeps credentials where `findCredentials` finds them; resolves to whether that is the file, unencrypted. */
export async function saveCredentials(host: string, credentials: Credentials, file = dockerConfigPath()) {
  const key = keyOf(host);
  const helper = helperFor(readDockerConfig(file), host);
  await helper?.store(key, credentials);
  const { username, password, identityToken } = credentials;
  const auth = Buffer.from(`${username}:${identityToken === undefined ? password : ''}`).toString('base64');
  const entry = identityToken === undefined ? { auth } : { auth, identitytoken: identityToken };
  await updateDockerConfig(config => {
    config.auths = { ...config.auths, [key]: helper === undefined ? entry : {} };
  }, file);
  return helper === undefined;
}

/** Forgets what is kept for a registry; resolves to whether there was something. */
export async function eraseCredentials(host: string, file = dockerConfigPath()): Promise<boolean> {
  const config = readDockerConfig(file);
  const keys = Object.keys(config.auths ?? {}).filter(key => keysOf(host).includes(key));
  const helper = helperFor(config, host);
  if (keys.length === 0 && helper === undefined) return false;
  await helper?.erase(keyOf(host));
  if (keys.length > 0) {
    await updateDockerConfig(({ auths = {} }) => {
      for (const key of keys) delete auths[key];
    }, file);
  }
  return true;
}

function helperFor({ credsStore, credHelpers = {} }: DockerConfig, host: string): CredentialHelper | undefined {
  const name = credHelpers[keyOf(host)] ?? credHelpers[host] ?? credsStore;
  return name === undefined || name === '' ? undefined : new CredentialHelper(name);
}

/** Older clients wrote URLs. */
function keysOf(host: string): string[] {
  const names = host === 'docker.io' ? [hubKey] : [host, `https://${host}`, `http://${host}`];
  return names.flatMap(name => [name, `${name}/`, `${name}/v1/`, `${name}/v2/`]);
}

function findInFile({ auths = {} }: DockerConfig, host: string, file: string): Credentials | undefined {
  const entry = keysOf(host)
    .map(key => auths[key])
    .find(Boolean);
  if (entry === undefined) return undefined;
  const { auth, identitytoken, username, password } = entry;
  const token = typeof identitytoken === 'string' && identitytoken !== '' ? { identityToken: identitytoken } : {};
  if (typeof username === 'string' && typeof password === 'string') return { username, password, ...token };
  if (typeof auth !== 'string' || auth === '') return undefined;
  const decoded = Buffer.from(auth, 'base64').toString();
  const colon = decoded.indexOf(':');
  if (colon < 1) {
    throw new MinidockError(
      'invalid-config',
      `the credentials of ${host} in ${file} are not "user:password" in base64`,
      { fix: `minidock login ${host}` },
    );
  }
  return {
    username: decoded.slice(0, colon),
    password: decoded.slice(colon + 1).replace(/\0+$/, ''),
    ...token,
  };
}
