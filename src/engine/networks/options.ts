import { MinidockError } from '../../errors.ts';
import type { HostFacts } from '../../host/facts.ts';
import { driverOptions } from '../../network/definition.ts';
import { checkBridgeName } from '../../network/network.ts';
import { isPredefined } from '../../network/predefined.ts';
import { isSince } from '../../syscalls/kernel-version.ts';
import type { NetworkCreation } from '../nouns/networks.ts';

/** Options of Docker's bridge driver that change what a network does, and that minidock does not have. */
const missing = ['host_binding_ipv4', 'inhibit_ipv4'].map(name => `com.docker.network.bridge.${name}`);
missing.push('com.docker.network.container_iface_prefix');

/**
 * Refuses a network that cannot be made, before anything is made.
 *
 * @throws {MinidockError} in Docker's words
 */
export function checkCreation({ name, driver, options = {} }: NetworkCreation, facts: HostFacts): void {
  if (isPredefined(name) || name === 'default')
    throw new MinidockError('predefined-network', `operation is not permitted on predefined ${name} network`, {
      fix: 'choose another name',
    });
  if (name === '' || name.startsWith('container:'))
    throw new MinidockError('invalid-network', `invalid name of a network: ${JSON.stringify(name)}`, {
      fix: 'choose another name',
    });
  checkDriver(driver);
  for (const key of [driverOptions.icc, driverOptions.masquerade]) checkBoolean(key, options[key]);
  checkMtu(options[driverOptions.mtu]);
  const bridge = options[driverOptions.name];
  if (bridge !== undefined) checkBridgeName(bridge);
  const unknown = missing.find(key => options[key] !== undefined);
  if (unknown !== undefined) throw invalid(`option ${unknown} is one that minidock does not have`, 'leave it out');
  if (/^(0|f|false)$/i.test(options[driverOptions.icc] ?? '') && !isSince(facts.kernel.version, 4, 18))
    throw invalid(`option ${driverOptions.icc}=false needs Linux 4.18 or newer`, 'leave it out');
}

function checkDriver(driver = 'bridge'): void {
  if (driver === 'bridge' || driver === '') return;
  const only = 'networks here are of the driver bridge';
  if (driver === 'host' || driver === 'null')
    throw new MinidockError('no-such-network-driver', `only one instance of "${driver}" network is allowed`, {
      fix: only,
    });
  throw new MinidockError('no-such-network-driver', `plugin "${driver}" not found`, { fix: only });
}

function checkBoolean(key: string, value: string | undefined): void {
  if (value === undefined || /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)) return;
  throw invalid(
    `failed to parse ${key} value: ${value} (strconv.ParseBool: parsing "${value}": invalid syntax)`,
    'write true or false',
  );
}

function checkMtu(value: string | undefined): void {
  if (value === undefined) return;
  if (!/^[+-]?\d+$/.test(value))
    throw invalid(
      `failed to parse ${driverOptions.mtu} value: ${value} (strconv.Atoi: parsing "${value}": invalid syntax)`,
      'write a number of bytes',
    );
  // The kernel's own bounds for IPv4 on a veth.
  if (Number(value) < 0 || (Number(value) > 0 && Number(value) < 68) || Number(value) > 65535)
    throw invalid(`invalid MTU number: ${value}`, 'it is 68 to 65535 bytes');
}

const invalid = (message: string, fix: string) => new MinidockError('invalid-network', message, { fix });
