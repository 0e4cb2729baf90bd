import type { Reply, Route } from '../../server/route.ts';
import { bytes, empty } from '../../server/route.ts';

const headers = {
  'Builder-Version': '1',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
  'Content-Type': 'text/plain; charset=utf-8',
};

const pong = (): Reply => bytes([Buffer.from('OK')], { ...headers, 'Content-Length': '2' });

/** GET and HEAD /_ping: how clients learn which version to speak. */
export const ping: Route[] = [
  { method: 'GET', path: '/_ping', handle: pong },
  { method: 'HEAD', path: '/_ping', handle: () => empty(200, { ...headers, 'Content-Length': '0' }) },
];
