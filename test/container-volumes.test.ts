import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { requires } from './support/requires.ts';

/** `-v` in all its forms: what is mounted, what is refused in which words, and what is left when the container is gone. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

const isKept = (name: string) => existsSync(join(box.root, 'volumes', name));
const hex = (digits: string) => digits.repeat(64 / digits.length);

test('a volume that was named with 64 hex digits stays when its container goes; an anonymous one does not', async () => {
  const [first, second, third] = [hex('ab'), hex('cd'), hex('ef')];
  await box.sh('echo kept > /x/file', '-v', `${first}:/x`);
  assert.ok(isKept(first), '--rm');
  const id = await box.start('true', '-v', `${second}:/x`, '-v', '/anonymous');
  const anonymous = await box.inspect(
    id,
    '{{range .Mounts}}{{if eq .Destination "/anonymous"}}{{.Name}}{{end}}{{end}}',
  );
  assert.match(anonymous, /^[0-9a-f]{64}$/);
  await box.ok(['rm', '-f', '-v', id]);
  assert.equal([isKept(second), isKept(anonymous)], [true, false], 'rm -v');
  const broken = await box.start('sleep 1000', '-v', `${third}:/x`, '-v', '/anonymous');
  const lost = await box.inspect(broken, '{{range .Mounts}}{{if eq .Destination "/anonymous"}}{{.Name}}{{end}}{{end}}');
  truncateSync(join(box.root, 'containers', broken, 'container.json'));
  await box.ok(['rm', '-f', '-v', broken]);
  assert.equal([isKept(third), isKept(lost)], [true, false], 'rm -f -v of one whose record is broken');
});

test('a record that does not say which volumes are anonymous is read as it was meant', async () => {
  const named = hex('12');
  const id = await box.start('true', '-v', `${named}:/x`, '-v', '/anonymous');
  const file = join(box.root, 'containers', id, 'container.json');
  const record = JSON.parse(readFileSync(file, 'utf8'));
  const { name } = record.mounts.find((mount: { destination: string }) => mount.destination === '/anonymous');
  for (const mount of record.mounts) delete mount.anonymous;
  writeFileSync(file, JSON.stringify(record));
  await box.ok(['rm', '-f', '-v', id]);
  assert.equal([isKept(named), isKept(name)], [true, false]);
});

test('an anonymous volume that another container uses by its name outlives the container that it was made for', async () => {
  const id = await box.start('echo of the first > /data/file', '-v', '/data');
  const name = await box.inspect(id, '{{(index .Mounts 0).Name}}');
  const other = await box.start('sleep 1000', '-v', `${name}:/x`);
  await box.ok(['rm', '-f', '-v', id]);
  assert.is(await box.inside(other, 'cat /x/file'), 'of the first');
  await box.ok(['rm', '-f', '-v', other]);
  assert.ok(isKept(name), 'to the other one it was a named one');
});

test.run();
