import { createServer } from 'node:net';
import { checkpoint } from './exec.mjs';
import { say } from './say.mjs';

/**
 * Two set-ups of one checkout take turns. The lock is an abstract socket: the kernel frees it when its owner dies,
 * however it dies, so nothing stale is ever left.
 */
export async function withSetupLock(root, action) {
  let server = await take(root);
  // One that has nothing to do is over before anybody has read of it.
  for (let tries = 0; !server; tries++) {
    if (tries === 3) say('another set-up runs in this folder; waiting');
    await new Promise(resolve => setTimeout(resolve, 300));
    checkpoint();
    server = await take(root);
  }
  try {
    return await action();
  } finally {
    server.close();
  }
}

function take(root) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', error => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    // sun_path holds 108 bytes: the end of the path is what tells checkouts apart.
    server.listen(`\0minidock-setup${root.slice(-80)}`, () => resolve(server));
  });
}
