import { isIP } from 'node:net';

/** Readers of `--add-host`, `--dns`, `--dns-search` and `--link`. Each throws an Error with the reason, in Docker's words. */

export function readExtraHost(given: string): string {
  const colon = given.indexOf(':');
  if (colon < 1) throw new Error(`bad format for add-host: ${JSON.stringify(given)}`);
  const address = given.slice(colon + 1);
  if (address !== 'host-gateway' && isIP(address) === 0)
    throw new Error(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  return given;
}

export function readAddress(given: string): string {
  const address = given.trim();
  // A zone is one of this machine's.
  if (isIP(address) === 0 || address.includes('%')) throw new Error(`${given} is not an ip address`);
  return address;
}

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const domain = new RegExp(`^${label}(?:\\.${label})*\\.?$`);

export function readDomain(given: string): string {
  const name = given.trim();
  if (name === '.') return name;
  if (!/[a-zA-Z]/.test(name) || name.length > 254 || !domain.test(name))
    throw new Error(`${given} is not a valid domain`);
  return name.replace(/\.$/, '');
}

export function readLinkFlag(given: string): string {
  if (given === '') throw new Error('empty string specified for links');
  if (given.split(':').length > 2) throw new Error(`bad format for links: ${given}`);
  return given;
}
