import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { processesOf } from './ps.ts';

const output = `UID        PID  PPID  CMD
root        10     1  sleep 1000
root        11     1  /bin/other
root        12    10  sh -c a  b
`;

test('of all processes those that are asked for, with what ps calls the command in one cell', () => {
  assert.equal(processesOf(output, new Set([10, 12])), {
    titles: ['UID', 'PID', 'PPID', 'CMD'],
    processes: [
      ['root', '10', '1', 'sleep 1000'],
      ['root', '12', '10', 'sh -c a b'],
    ],
  });
});

test('threads, which have no pid, belong to the process above them', () => {
  const threads = 'PID LWP\n10 -\n- 10\n- 13\n11 -\n- 11\n';
  assert.equal(processesOf(threads, new Set([10])).processes, [
    ['10', '-'],
    ['-', '10'],
    ['-', '13'],
  ]);
});

test('without pids nothing can be told apart', () => {
  assert.throws(() => processesOf('CMD\nsleep\n', new Set([10])), /Couldn't find PID field in ps output/);
  assert.throws(() => processesOf('PID CMD\nx sleep\n', new Set([10])), /Unexpected pid 'x'/);
});

test.run();
