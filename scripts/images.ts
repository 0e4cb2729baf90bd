/**
 * `npm run images`: the images that the README, the lessons and `run --mine` name, made of the machine's own files and imported, where Docker Hub is
 * out of reach. An image that is here already is left as it is.
 */
import { spawnSync } from 'node:child_process';
import { busyboxImage } from './images/busybox.ts';
import { checkout } from './images/cache.ts';
import { must } from './images/layout.ts';
import { nginxConfig } from './images/nginx.ts';
import { demoNginx } from './images/stand-in.ts';

const minidock = `${checkout}/bin/minidock`;

async function provide(name: string, make: () => Promise<{ rootfs: string; of: string; changes: string[] }>) {
  if (spawnSync(minidock, ['inspect', '--type', 'image', name], { stdio: 'ignore' }).status === 0) {
    console.log(`${name} is here already`);
    return;
  }
  const { rootfs, of, changes } = await make();
  must(minidock, ['import', ...changes.flatMap(change => ['-c', change]), rootfs, name]);
  console.log(`${name}: a stand-in, made of ${of}`);
}

await provide('busybox:latest', async () => {
  const { rootfs } = await busyboxImage();
  return { rootfs, of: "this machine's own busybox", changes: ['CMD ["sh"]'] };
});
await provide('nginx:alpine', async () => {
  const { rootfs, origin } = await demoNginx();
  const { Cmd, StopSignal } = nginxConfig;
  return { rootfs, of: origin, changes: [`CMD ${JSON.stringify(Cmd)}`, 'EXPOSE 80', `STOPSIGNAL ${StopSignal}`] };
});
