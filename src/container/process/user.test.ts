import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../../errors.ts';
import { resolveUser } from './user.ts';

const files = {
  passwd: [
    '# comment',
    'root:x:0:0:root:/root:/bin/sh',
    '1000:x:5:5::/evil:/bin/sh',
    'bob:x:1001:1001::/home/bob:/bin/sh',
    'wrap:x:4294967296:0::/wrap:/bin/sh',
    'under:x:-1:7::/:/bin/sh',
    'homeless:x:1002:1002:::',
    'broken:x:many:1',
    '',
  ].join('\n'),
  group: ['root:x:0:root', 'wheel:x:10:root,bob', 'bobs:x:1001:', 'audio:x:20:bob', '7:x:99:bob', 'x'].join('\n'),
};

/** Each answer but for those marked is what dockerd 20.10 gave for the same files. */
const accepted: [spec: string, uid: number, gid: number, groups: number[], home: string][] = [
  ['', 0, 0, [0, 10], '/root'],
  ['root', 0, 0, [0, 10], '/root'],
  ['bob', 1001, 1001, [1001, 10, 20, 99], '/home/bob'],
  ['1001', 1001, 1001, [1001, 10, 20, 99], '/home/bob'],
  ['001001', 1001, 1001, [1001, 10, 20, 99], '/home/bob'],
  ['1000', 1000, 0, [0], '/'],
  ['5555', 5555, 0, [0], '/'],
  ['2147483647', 2147483647, 0, [0], '/'],
  ['bob:7', 1001, 7, [7], '/home/bob'],
  ['bob:audio', 1001, 20, [20], '/home/bob'],
  ['1001:20', 1001, 20, [20], '/home/bob'],
  [':wheel', 0, 10, [10], '/root'],
  [':', 0, 0, [0, 10], '/root'],
  ['bob:', 1001, 1001, [1001, 10, 20, 99], '/home/bob'],
  ['homeless', 1002, 1002, [1002], '/'],
];

for (const [spec, uid, gid, additionalGids, home] of accepted) {
  test(`user "${spec}"`, () => assert.equal(resolveUser(spec, files), { uid, gid, additionalGids, home }));
}

const refused: [spec: string, message: string][] = [
  ['nosuch', 'unable to find user nosuch: no matching entries in passwd file'],
  ['broken', 'unable to find user broken: no matching entries in passwd file'],
  ['bob:nosuch', 'unable to find group nosuch: no matching entries in group file'],
  ['-1', 'uids and gids must be in range 0-2147483647'],
  ['2147483648', 'in range'],
  ['0:2147483648', 'in range'],
  ['under', 'in range'],
  // dockerd 20.10 runs these three as root (CVE-2024-40635).
  ['4294967296', 'in range'],
  ['wrap', 'in range'],
  ['0:4294967296', 'in range'],
  ['99999999999999999999999', 'in range'],
];

for (const [spec, message] of refused) {
  test(`user "${spec}" is refused`, () => {
    try {
      resolveUser(spec, files);
    } catch (error) {
      assert.instance(error, MinidockError);
      assert.match((error as MinidockError).message, message);
      return;
    }
    assert.unreachable();
  });
}

test('an image without the files has root and numbers only', () => {
  assert.equal(resolveUser('', {}), { uid: 0, gid: 0, additionalGids: [0], home: '/' });
  assert.equal(resolveUser('7:8', {}), { uid: 7, gid: 8, additionalGids: [8], home: '/' });
  assert.throws(() => resolveUser('root', {}), /unable to find user root/);
});

test('an id has digits alone, behind a sign', () => {
  const passwd = 'a:x:7:8::/a:\nb:x:+9:009::/b:\n';
  assert.equal(resolveUser('+007', { passwd }), { uid: 7, gid: 8, additionalGids: [8], home: '/a' });
  assert.equal(resolveUser('b', { passwd }), { uid: 9, gid: 9, additionalGids: [9], home: '/b' });
  for (const name of ['7.0', '7e0', '0x7', '+', ' 7', '７'])
    assert.throws(() => resolveUser(name, { passwd }), /no matching entries/, name);
});

test.run();
