import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../../state/journal.ts';
import { eventFilter } from './event-filters.ts';

const event = (more: Partial<Event>): Event => ({
  type: 'container',
  action: 'die',
  id: 'f00dcafe',
  attributes: { name: 'web', image: 'nginx:alpine', tier: 'front' },
  timeNano: '0',
  ...more,
});

const holds = (of: Event, ...filters: [string, string][]) => {
  const byKey = new Map<string, string[]>();
  for (const [key, value] of filters) byKey.set(key, [...(byKey.get(key) ?? []), value]);
  return eventFilter(byKey)(of);
};

test('a container by the beginning of its id or name', () => {
  assert.ok(holds(event({}), ['container', 'f00d']));
  assert.ok(holds(event({}), ['container', 'we']));
  assert.not.ok(holds(event({}), ['container', 'other']));
});

test('an image by id or name, with its tag or without', () => {
  for (const name of ['nginx', 'nginx:alpine']) assert.ok(holds(event({}), ['image', name]), name);
  assert.not.ok(holds(event({}), ['image', 'nginx:latest']));
  const pulled = event({ type: 'image', action: 'pull', id: 'host:5000/a:1', attributes: { name: 'host:5000/a' } });
  assert.ok(holds(pulled, ['image', 'host:5000/a']));
});

test('an action as a whole, or its beginning where it ends in something of its own', () => {
  assert.not.ok(holds(event({ action: 'exec_die' }), ['event', 'exec']));
  assert.ok(holds(event({ action: 'exec_start: sh -c ls' }), ['event', 'exec_start']));
  assert.ok(holds(event({ action: 'health_status: healthy' }), ['event', 'health_status']));
  assert.not.ok(holds(event({ action: 'health_status: healthy' }), ['event', 'health_status: unhealthy']));
});

test('values of one key are alternatives, keys must all hold, labels too', () => {
  assert.ok(holds(event({}), ['event', 'start'], ['event', 'die'], ['type', 'container']));
  assert.not.ok(holds(event({}), ['event', 'die'], ['type', 'image']));
  assert.ok(holds(event({}), ['label', 'tier'], ['label', 'tier=front']));
  assert.not.ok(holds(event({}), ['label', 'tier=front'], ['label', 'tier=back']));
  assert.not.ok(holds(event({}), ['node', 'one']));
});

test.run();
