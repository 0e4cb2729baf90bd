import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BackwardAssembler, BPF, offsetOf } from './bpf.ts';
import { runFilter } from './interpreter.ts';

/** A comparison of nr with 7 whose targets stand this many instructions behind it. */
function twoTargets(yesDistance: number, noDistance: number): Uint8Array {
  const code = new BackwardAssembler();
  const targets: Record<number, number> = {};
  for (let distance = Math.max(yesDistance, noDistance); distance >= 0; distance--) {
    const verdict = distance === yesDistance ? 1 : distance === noDistance ? 2 : 3;
    targets[distance] = code.put(BPF.RET, verdict);
  }
  code.jump(BPF.JEQ, 7, targets[yesDistance]!, targets[noDistance]!);
  code.put(BPF.LD, offsetOf.nr);
  return code.bytes();
}

test('a jump finds both its targets, at every distance around the reach of one byte', () => {
  const distances = [0, 1, 2, 252, 253, 254, 255, 256, 257, 258, 600];
  for (const yes of distances) {
    for (const no of distances.filter(distance => distance !== yes)) {
      const code = twoTargets(yes, no);
      assert.is(runFilter(code, { nr: 7, arch: 0 }), 1, `yes at ${yes}, no at ${no}`);
      assert.is(runFilter(code, { nr: 8, arch: 0 }), 2, `yes at ${yes}, no at ${no}`);
    }
  }
});

test('an instruction is eight bytes: u16 code, u8 jt, u8 jf, u32 k', () => {
  const code = new BackwardAssembler();
  const one = code.put(BPF.RET, 0x7fff0000);
  const two = code.put(BPF.RET, 0x80000000);
  code.jump(BPF.JGE, 0x40000000, one, two);
  assert.equal([...code.bytes().subarray(0, 8)], [0x35, 0, 1, 0, 0, 0, 0, 0x40]);
  assert.equal([...code.bytes().subarray(8)], [6, 0, 0, 0, 0, 0, 0, 0x80, 6, 0, 0, 0, 0, 0, 0xff, 0x7f]);
});

test('a filter has at most 4096 instructions', () => {
  const code = new BackwardAssembler();
  for (let i = 0; i < 4096; i++) code.put(BPF.RET, 0);
  assert.is(code.length, 4096);
  assert.throws(
    () => code.put(BPF.RET, 0),
    (error: unknown) => error instanceof RangeError,
  );
});

test.run();
