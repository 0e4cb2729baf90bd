import http from 'node:http';
import https from 'node:https';
import { BlockList, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { MinidockError } from '../../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (either case), read as Go and so Docker reads them:
 * this machine is never reached through a proxy. Undefined where there is none.
 *
 * @throws {MinidockError} `invalid-proxy`
 */
export function proxyFor(url: URL, env: Environment = process.env): URL | undefined {
  const variable = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = env[variable] || env[variable.toLowerCase()];
  if (!value || isExempt(url, env.NO_PROXY || env.no_proxy || '')) return undefined;
  const text = value.includes('://') ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy !== undefined && ['http:', 'https:'].includes(proxy.protocol)) return proxy;
  // The value may hold a password.
  throw new MinidockError('invalid-proxy', `${variable} is no http:// or https:// URL`, { fix: `unset ${variable}` });
}

/** `NO_PROXY`: hosts, `.domain`, `host:port`, addresses, CIDRs, or `*`. */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const version = isIP(host);
  const networks = new BlockList();
  networks.addSubnet('127.0.0.0', 8, 'ipv4');
  networks.addAddress('::1', 'ipv6');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  for (const item of list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)) {
    if (item === '*') return true;
    const [address, bits] = item.split('/') as [string, string?];
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(address) !== 0 && bits === undefined) networks.addAddress(address, family);
    else if (isIP(address) !== 0 && /^\d{1,3}$/.test(bits!) && Number(bits) <= (family === 'ipv4' ? 32 : 128))
      networks.addSubnet(address, Number(bits), family);
    const [, name, only] = /^(.*?)(?::(\d+))?$/.exec(item)!;
    const domain = name!.replace(/^\*?\.?/, '');
    const isThis = host === domain && !/^\*?\./.test(name!);
    if ((isThis || host.endsWith(`.${domain}`)) && domain !== '' && (only === undefined || only === port)) return true;
  }
  return host === 'localhost' || (version !== 0 && networks.check(host, version === 4 ? 'ipv4' : 'ipv6'));
}

/** `Proxy-Authorization` of a proxy whose URL holds a user. */
export function proxyHeaders(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}

const tunnels = new Map<string, https.Agent>();

/** Connections to https servers through a proxy's CONNECT (RFC 9110, 9.3.6), kept for the next request. */
export function tunnelThrough(proxy: URL): https.Agent {
  const agent = tunnels.get(proxy.href) ?? new TunnelAgent(proxy);
  tunnels.set(proxy.href, agent);
  return agent;
}

type Connected = (error: Error | null, socket: Duplex) => void;

const connectTimeoutMs = 15_000;

class TunnelAgent extends https.Agent {
  readonly #proxy: URL;

  constructor(proxy: URL) {
    super({ keepAlive: true });
    this.#proxy = proxy;
  }

  override createConnection(options: https.RequestOptions, callback?: Connected): undefined {
    const proxy = this.#proxy;
    const done = callback as (error: Error | null, socket?: Duplex) => void;
    const fail = (reason: string) => done(failed(proxy, reason));
    const target = `${options.host}:${options.port}`;
    const { request } = proxy.protocol === 'https:' ? https : http;
    const headers = { host: target, ...proxyHeaders(proxy) };
    const connect = request(proxy, { method: 'CONNECT', path: target, headers, agent: false });
    connect.setTimeout(connectTimeoutMs, () => connect.destroy(new Error('it does not answer')));
    connect.once('error', error => fail(error.message));
    connect.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) done(null, tls.connect({ ...(options as tls.ConnectionOptions), socket }));
      else {
        socket.destroy();
        fail(`it answers ${statusCode} to CONNECT ${target}`);
      }
    });
    connect.end();
  }
}

function failed(proxy: URL, reason: string): MinidockError {
  return new MinidockError('proxy-failed', `proxy ${proxy.host}: ${reason}`, {
    fix: 'check HTTP_PROXY, HTTPS_PROXY and NO_PROXY',
  });
}
