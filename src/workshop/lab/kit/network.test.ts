import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Place } from '../types.ts';
import { settledNetwork } from './network.ts';

/** A machine that says these states of eth0 and of its other end, one pair after the other. */
function saying(...states: readonly (readonly [string, string])[]): { place: Place; asked: () => number } {
  let asked = 0;
  const xray = async () => {
    const [state, ofPeer] = states[Math.min(asked++, states.length - 1)]!;
    return { network: { interfaces: [{ name: 'eth0', state, peer: { name: 'far', state: ofPeer } }] } };
  };
  return { place: { xray } as unknown as Place, asked: () => asked };
}

test('an end of a cable that the kernel calls up a moment late is looked at again', async () => {
  const { place, asked } = saying(['down', 'lowerlayerdown'], ['up', 'down'], ['up', 'up']);
  const { interfaces } = await settledNetwork(place, 'left', 'eth0');
  assert.equal([interfaces[0]?.state, interfaces[0]?.peer?.state, asked()], ['up', 'up', 3]);
});

test('one that stays down is told as it is', async () => {
  const { interfaces } = await settledNetwork(saying(['down', 'up']).place, 'left', 'eth0');
  assert.is(interfaces[0]?.state, 'down');
});

test.run();
