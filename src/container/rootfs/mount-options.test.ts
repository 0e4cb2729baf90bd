import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MS } from '../../syscalls/uapi/flags.ts';
import { parseOptions } from './mount-options.ts';

test('of the options of a mount some are flags, one is the propagation, the rest is for the file system', () => {
  assert.equal(parseOptions(['ro', 'nosuid', 'rslave', 'size=64k', 'rw']), {
    flags: MS.MS_NOSUID,
    propagation: MS.MS_SLAVE | MS.MS_REC,
    data: 'size=64k',
  });
});

test('an option that is called as a property of every object is an option like others', () => {
  for (const option of ['constructor', 'toString', '__proto__'])
    assert.equal(parseOptions(['ro', option]), { flags: MS.MS_RDONLY, propagation: 0, data: option });
});

test.run();
