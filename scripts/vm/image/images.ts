/** Inside the new machine: the images that the course runs, made of the machine's own files and imported. */
import { busyboxImage } from '../../images/busybox.ts';
import { checkout } from '../../images/cache.ts';
import { must } from '../../images/layout.ts';
import { nginxConfig } from '../../images/nginx.ts';
import { demoNginx } from '../../images/stand-in.ts';

const load = (archive: string, name: string, changes: readonly string[]) =>
  must(`${checkout}/bin/minidock`, ['import', ...changes.flatMap(change => ['-c', change]), archive, name]);

load((await busyboxImage()).rootfs, 'busybox:latest', ['CMD ["sh"]']);
load((await demoNginx()).rootfs, 'nginx:alpine', [
  `CMD ${JSON.stringify(nginxConfig.Cmd)}`,
  'EXPOSE 80',
  `STOPSIGNAL ${nginxConfig.StopSignal}`,
]);
