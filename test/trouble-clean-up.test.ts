// @long a keeper tries again once a second
import { realpathSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { type PrivateHost, privateHost } from './support/private-host.ts';
import { findProgram, requires } from './support/requires.ts';

/** What a container held cannot be given back, and every command and the keeper try it again: its end is told once. */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip', 'nsenter', 'unshare');
let host: PrivateHost;

test.before(async () => {
  host = await privateHost();
});
test.after(() => host.end());

/**
 * The events of a container that ends while iptables fails, in the mount namespace in which its supervisor and the keeper are, too; then
 * iptables works again, and it is removed.
 */
function eventsOf(flags: string, end: string): string[] {
  const since = String(Date.now() / 1000);
  const script = `
    minidock=$0 iptables=${realpathSync(findProgram('iptables')!)}
    $minidock run -d --name web -v data:/data -p 8080:80 ${flags} bb sleep 1000 >&2 || exit
    mount --bind ${findProgram('false')} "$iptables" || exit
    ${end} >&2
    for _ in 1 2 3; do ! $minidock rm web 2>/dev/null || exit; done
    umount -l "$iptables"
    $minidock rm -f web >&2
    exec "$0" "$@"`;
  const words = ['events', '--since', since, '--until', '0s', '--format', '{{.Type}} {{.Action}}'];
  return host.minidockUnder(['unshare', '-m', 'sh', '-c', script], ...words).split('\n');
}

for (const [what, flags, end] of [
  ['killed', '', '$minidock kill web'],
  ['of --rm', '--rm', '$minidock kill web'],
  [
    'whose supervisor was killed',
    '',
    'pid=$($minidock inspect -f {{.State.Pid}} web); kill -9 "$(cut -d " " -f 4 /proc/$pid/stat)"',
  ],
] as const)
  test(`the end of a container ${what} is told once`, () => {
    const told = eventsOf(flags, end);
    const ends = told.slice(told.indexOf('container start') + 1).filter(event => event !== 'container kill');
    assert.equal(ends, ['container die', 'network disconnect', 'volume unmount', 'container destroy'], told.join('\n'));
  });

test.run();
