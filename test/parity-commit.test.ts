import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { requires } from './support/requires.ts';

/** `commit`, beside Docker 20.10: the image's config and history, what a container of it sees, and what others read. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10', 'skopeo');
let pair: Both;
const change =
  'echo n > /new; rm /opt/emptied/new; rm -r /www; mkdir /www; echo o > /www/only; ln /new /hard; ln -s /new /soft; ' +
  'mkfifo /fifo; chmod 4755 /new; chown 7:8 /soft /new; chmod 711 /var; mkdir -m 1777 /sticky; echo x > "/with blank"';
const look =
  'for f in /new /hard /soft /fifo /sticky /www /www/only /var /opt/emptied "/with blank" /anon; do stat -c "%n %F %a %u:%g %h" "$f"; done; ' +
  'ls -A /www /opt/emptied /named /anon; cat /new /hard';

test.before(async () => {
  pair = await both();
  const flags = ['-e', 'A=1', '-w', '/www', '-v', '/anon', '-v', 'named:/named', '--name', 'cc', '--network', 'none'];
  await pair.same(['run', '-d', ...flags, 'bb', 'sleep', '1000']);
  await pair.same(['exec', 'cc', 'sh', '-c', change]);
});
test.after(async () => {
  await pair.ask(['rm', '-f', 'cc']);
});

test('a container of the image sees what was changed, deleted and made anew; its config is the container’s', async () => {
  const changes = ['-c', 'ENV B=2', '-c', 'LABEL q=r s=t', '-c', 'EXPOSE 80'];
  await pair.same(['commit', '-a', 'Me <me@example.com>', '-m', 'a note', ...changes, 'cc', 'img:1']);
  await pair.same(['run', '--rm', '--network', 'none', 'img:1', 'sh', '-c', look]);
  await pair.same(['run', '--rm', '--network', 'none', 'img:1', 'sh', '-c', 'pwd; echo $A $B']);
  // What is not set here is taken away there.
  await pair.same([
    'run',
    '--rm',
    '--network',
    'none',
    '-e',
    'B',
    'img:1',
    'sh',
    '-c',
    'echo $A; env | grep ^B= || echo none',
  ]);
  for (const field of ['.Author', '.Comment', '.RepoTags', '.Os', '(len .RootFS.Layers)', '.Config.Env', '.Config.Cmd'])
    await pair.same(['inspect', '-f', `{{json ${field}}}`, 'img:1']);
  for (const field of ['Labels', 'ExposedPorts', 'Volumes', 'WorkingDir', 'Entrypoint', 'Image', 'User'])
    await pair.same(['inspect', '-f', `{{json .Config.${field}}}`, 'img:1']);
  const format = '{{.CreatedBy}}|{{.Comment}}|{{.Size}}';
  const { there, here } = await pair.ask(['history', '--format', format, '--no-trunc', 'img:1']);
  assert.is(here.stdout.split('\n')[0], there.stdout.split('\n')[0]);
});

test('a second layer on it; an image without changes has none; changes replace command and entrypoint', async () => {
  for (const line of [
    'commit cc img:1',
    'run --name more --network none img:1 rm /new /with\u00a0blank',
    'commit -c ENTRYPOINT\u00a0["ls"] -c CMD\u00a0["/www"] more img:2',
    'run --rm --network none img:2',
    'run --rm --network none --entrypoint ls img:2 -A /',
    'commit --pause=false more',
    'rm more',
    'create --name nothing --network none img:2',
    'commit nothing img:3',
    'inspect -f {{len\u00a0.RootFS.Layers}} img:3',
    'rm nothing',
  ])
    await pair.same(
      line.split(' ').map(word => word.replaceAll('\u00a0', ' ')),
      { sorted: line.includes('-A') },
    );
});

test('what is refused', async () => {
  for (const line of ['commit nope', 'commit cc img@sha256:aaaa']) await pair.same(line.split(' '));
});

test('docker load takes the image, and skopeo reads it', async () => {
  await pair.box.ok(['commit', 'cc', 'ours:1']);
  const { stdout } = await pair.ours(['save', 'ours:1']);
  assert.match(pair.docker(['load'], Buffer.from(stdout, 'latin1')).stdout, /Loaded image: ours:1/);
  const there = pair.docker(['run', '--rm', '--network', 'none', 'ours:1', 'sh', '-c', look]);
  const here = await pair.ours(['run', '--rm', '--network', 'none', 'ours:1', 'sh', '-c', look]);
  assert.equal([here.code, here.stdout], [there.code, there.stdout]);
});

test.run();
