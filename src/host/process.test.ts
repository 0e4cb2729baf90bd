import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { childrenOf, isZombie } from './process.ts';

test('a child that nobody waits for is a zombie; one that lives, and one that is gone, is not', async () => {
  // sh would wait for what ends; sleep, which it becomes, does not.
  const script = 'until grep -q sleep /proc/$$/comm; do :; done & sleep 60 & echo begun; exec sleep 60';
  const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(parent.stdout!, 'data');
    const begun = process.uptime();
    const zombies = () => childrenOf(parent.pid!).filter(isZombie);
    while (zombies().length === 0) assert.ok(process.uptime() - begun < 20);
    assert.is(childrenOf(parent.pid!).length, 2);
    assert.is(zombies().length, 1);
    assert.is(isZombie(2 ** 22), false, 'no pid is so high');
  } finally {
    for (const child of childrenOf(parent.pid!)) process.kill(child, 'SIGKILL');
    parent.kill('SIGKILL');
  }
});

test.run();
