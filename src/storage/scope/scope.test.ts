import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TarEntry } from '../tar/header.ts';
import { archiveEnd, memberHeader } from '../tar/writer.ts';
import { packTree, topName } from './pack.ts';
import { Scope } from './scope.ts';
import { unpackArchive } from './unpack.ts';

let folder: string;
test.before.each(() => {
  folder = fs.mkdtempSync(path.join(tmpdir(), 'minidock-scope-'));
  for (const name of ['from', 'to', 'outside']) fs.mkdirSync(path.join(folder, name));
  fs.writeFileSync(path.join(folder, 'outside/secret'), 'secret');
});
test.after.each(() => fs.rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => path.join(folder, name);

async function within<T>(directory: string, use: (scope: Scope) => T | Promise<T>): Promise<T> {
  const scope = new Scope(at(directory));
  try {
    return await use(scope);
  } finally {
    scope.close();
  }
}

test('links and .. stay within the scope', async () => {
  fs.mkdirSync(at('from/d/inner'), { recursive: true });
  fs.writeFileSync(at('from/d/file'), '');
  fs.symlinkSync('/d', at('from/absolute'));
  fs.symlinkSync(at('outside'), at('from/host'));
  fs.symlinkSync('../../../../d/inner', at('from/d/up'));
  fs.symlinkSync('loop', at('from/loop'));
  fs.symlinkSync('nowhere', at('from/dangling'));
  await within('from', scope => {
    const names = (given: string, followLast = true) => scope.locate(given, { followLast }).names.join('/');
    assert.is(names('/absolute/file'), 'd/file');
    assert.is(names('absolute', false), 'absolute');
    assert.is(names('/d/up'), 'd/inner');
    assert.is(names('../../../d/./inner/..'), 'd');
    assert.is(names('/'), '');
    assert.is(names('dangling'), 'nowhere');
    assert.is(scope.locate('dangling', { followLast: true }).stats, undefined);
    for (const given of ['/host/secret', '/nowhere/x', '/d/file/x'])
      assert.throws(() => names(given), /no such directory/, given);
    assert.throws(() => names('loop'), /too many symbolic links/);
  });
});

test('a tree comes out of an archive as it went in', async () => {
  const long = 'x'.repeat(200);
  fs.mkdirSync(at(`from/top/${long}`), { recursive: true });
  fs.writeFileSync(at('from/top/file'), 'content', { mode: 0o640 });
  fs.linkSync(at('from/top/file'), at('from/top/other'));
  fs.symlinkSync(`${long}/é`, at('from/top/link'));
  fs.writeFileSync(Buffer.concat([Buffer.from(at('from/top/')), Buffer.from([0xff, 0x20])]), 'no UTF-8');
  fs.writeFileSync(at('from/top/holes'), '');
  fs.truncateSync(at('from/top/holes'), 64 << 20);
  fs.utimesSync(at('from/top/file'), 1_000_000_000, 1_000_000_000);
  await within('from', from =>
    within('to', to =>
      unpackArchive(
        { scope: to, at: [], owner: 'caller', followsLinks: false },
        packTree({ scope: from, names: ['top'], as: 'top' }),
      ),
    ),
  );
  assert.equal(fs.readdirSync(at('to/top'), 'latin1').sort(), fs.readdirSync(at('from/top'), 'latin1').sort());
  const [file, other] = ['file', 'other'].map(name => fs.statSync(at(`to/top/${name}`)));
  assert.is(file!.ino, other!.ino);
  assert.equal([file!.mode & 0o777, file!.mtimeMs], [0o640, 1_000_000_000_000]);
  assert.is(fs.readFileSync(at('to/top/file'), 'utf8'), 'content');
  assert.is(fs.readlinkSync(at('to/top/link')), `${long}/é`);
  const holes = fs.statSync(at('to/top/holes'));
  assert.is(holes.size, 64 << 20);
  assert.ok(holes.blocks < 100);
});

const member = (name: string, changes: Partial<TarEntry> = {}): Buffer =>
  memberHeader({
    type: 'file',
    name,
    target: '',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: 0,
    major: 0,
    minor: 0,
    xattrs: new Map(),
    ...changes,
  });

async function* archive(...members: Buffer[]): AsyncGenerator<Buffer> {
  yield* [...members, archiveEnd];
}

test('a hostile archive reaches nothing outside', async () => {
  const cases: [what: string, reason: RegExp, ...members: Buffer[]][] = [
    ['a way up', /climbs out/, member('../outside/secret')],
    ['the directory itself', /the directory itself/, member('.')],
    [
      'a link on the way',
      /is no directory/,
      member('l', { type: 'symlink', target: at('outside') }),
      member('l/secret'),
    ],
    ['a hard link up', /climbs out/, member('h', { type: 'link', target: '../outside/secret' })],
    ['a file over a directory', /cannot overwrite directory/, member('d', { type: 'directory' }), member('d')],
    [
      'a directory over a link',
      /cannot overwrite non-directory/,
      member('m', { type: 'symlink', target: at('outside') }),
      member('m', { type: 'directory' }),
    ],
  ];
  for (const [what, reason, ...members] of cases)
    await within('to', async scope => {
      const unpacking = { scope, at: [], owner: 'caller', followsLinks: false } as const;
      const error = await unpackArchive(unpacking, archive(...members)).catch(thrown => thrown);
      assert.match(String(error?.message), reason, what);
    });
  await within('to', async scope => {
    const link = member('rooted', { type: 'symlink', target: '/../../outside' });
    await unpackArchive({ scope, at: [], owner: 'caller', followsLinks: true }, archive(link));
    const error = await unpackArchive(
      { scope, at: [], owner: 'caller', followsLinks: true },
      archive(member('rooted/secret')),
    ).catch(thrown => thrown);
    assert.match(String(error?.message), /is no directory/);
  });
  assert.equal(fs.readdirSync(at('outside')), ['secret']);
  assert.is(fs.readFileSync(at('outside/secret'), 'utf8'), 'secret');
});

test('what the top of an archive is called', () => {
  for (const [given, name] of [
    ['/d/f', 'f'],
    ['d/', 'd'],
    ['/d/.', '.'],
    ['.', '.'],
    ['/', '/'],
    ['', '/'],
  ])
    assert.is(topName(given!), name, given);
});

test.run();
