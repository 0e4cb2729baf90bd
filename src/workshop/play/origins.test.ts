import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pieces } from '../../engine/compile/pieces.ts';
import { call, expect, store, sync } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { program, type Step, slot } from '../../syscalls/step.ts';
import { originsOf, performersOf } from './origins.ts';

const why = { en: 'a test', zh: '测试' };

test('each step is traced to the line that made it, through helpers, as the file is read', () => {
  const { program: made, origins } = originsOf(() =>
    program({
      child: [...pieces.utsNamespace('name'), ...pieces.pivotRoot('rootfs'), ...pieces.mountNamespace(), sync({ why })],
    }),
  );
  const texts = made.child.map(step => `${origins.get(step)?.file}  ${origins.get(step)?.text}`);
  assert.match(texts[0]!, /^src\/container\/process\/namespaces\.ts {2}call\('sethostname'/);
  assert.match(texts[2]!, /^src\/container\/rootfs\/rootfs\.ts {2}call\('pivot_root'/);
  assert.match(texts[5]!, /^src\/container\/process\/namespaces\.ts {2}mount\(null, '\/'/);
});

test('a routing message is its sender’s, not the encoder’s', () => {
  const { program: made, origins } = originsOf(() => program({ child: [...pieces.loopbackOnly().child] }));
  for (const step of made.child) assert.is(origins.get(step)?.file, 'src/network/endpoint.ts');
});

test('nobody is told of steps that are made outside', () => {
  const { origins } = originsOf(() => program({}));
  call('getpid', [], { why });
  assert.is(origins.size, 0);
});

test('every kind of step has its lines of C', () => {
  const data = room(8, 'room');
  const steps: Step[] = [
    call('clone', [0], { why, forks: true }),
    store(slot('fd'), data, 0, 'u32', { why }),
    expect(data, 0, new Uint8Array(4), { why }),
    sync({ why }),
  ];
  assert.equal(
    steps.map(step => performersOf(step).map(({ text }) => text.replace(/\(.*/, ''))),
    [['return sys6', 'become_child'], ['do_store'], ['if '], ['report']],
  );
  for (const { file, line } of steps.flatMap(performersOf)) assert.ok(line > 0, file);
});

test.run();
