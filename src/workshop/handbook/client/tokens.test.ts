import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tokensOf } from './tokens.ts';

test('words, and the parts of those that are joined', () => {
  assert.equal(tokensOf('The PID-namespace of pivot_root(2)'), [
    'the',
    'pid',
    'namespace',
    'of',
    'pivot_root',
    'pivot',
    'root',
    '2',
  ]);
});

test('of Chinese each two neighbours, beside words of other scripts', () => {
  assert.equal(tokensOf('命名空间里的 root 进程'), ['命名', '名空', '空间', '间里', '里的', 'root', '进程']);
  assert.equal(tokensOf('容'), ['容']);
});

test.run();
