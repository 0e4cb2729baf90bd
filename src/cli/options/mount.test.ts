import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readMount } from './mount.ts';

test('--mount: what its keys say, in any case and order', () => {
  const cases: [given: string, mount: object][] = [
    ['target=/x', { type: 'volume', target: '/x' }],
    [
      'TYPE=bind,SRC=/a,dst=/x,ro,bind-propagation=RSLAVE,bind-nonrecursive',
      { type: 'bind', source: '/a', target: '/x', readonly: true, propagation: 'rslave', nonRecursive: true },
    ],
    [
      'type=volume,source=db,destination=/x,readonly=false,volume-nocopy=1,volume-label=a=b,volume-label=c,volume-driver=local',
      {
        type: 'volume',
        source: 'db',
        target: '/x',
        readonly: false,
        noCopy: true,
        labels: { a: 'b', c: '' },
        driver: 'local',
      },
    ],
    [
      'type=tmpfs,target=/x,tmpfs-size=1m,tmpfs-mode=1770',
      { type: 'tmpfs', target: '/x', tmpfsSize: 1 << 20, tmpfsMode: 0o1770 },
    ],
    ['type=bind,"source=/a,b","target=/x""y"', { type: 'bind', source: '/a,b', target: '/x"y' }],
  ];
  for (const [given, mount] of cases) assert.equal(readMount(given), mount, given);
});

test('--mount: what is refused, in the words of Docker’s client', () => {
  const wrong: [given: string, reason: string][] = [
    ['', 'EOF'],
    ['type=bind', 'target is required'],
    ['type=,target=/x', 'type is required'],
    ['target=/x,foo=1', "unexpected key 'foo' in 'foo=1'"],
    ['target=/x,foo', "invalid field 'foo' must be a key=value pair"],
    ['target=/x,', "invalid field '' must be a key=value pair"],
    ['target=/x,ro=maybe', 'invalid value for ro: maybe'],
    ['type=tmpfs,target=/x,tmpfs-size=foo', 'invalid value for tmpfs-size: foo'],
    ['type=tmpfs,target=/x,tmpfs-mode=9', 'invalid value for tmpfs-mode: 9'],
    ['type=bind,source=/a,target=/x,volume-nocopy', "cannot mix 'volume-*' options with mount type 'bind'"],
    ['type=bind,source=/a,target=/x,tmpfs-size=1m', "cannot mix 'tmpfs-*' options with mount type 'bind'"],
    ['target=/x,bind-propagation=rslave', "cannot mix 'bind-*' options with mount type 'volume'"],
    ['target=/x,"y', 'parse error on line 1, column 13: extraneous or missing " in quoted-field'],
  ];
  for (const [given, reason] of wrong)
    assert.throws(
      () => readMount(given),
      (error: Error) => error.message === reason,
      given,
    );
});

test.run();
