import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../errors.ts';
import { defaultDeviceRules, type RequestedLimits, resourcesFor } from './limits.ts';

const host = { cpus: 2 };
const refusal = (requested: RequestedLimits): string => {
  try {
    resourcesFor(requested, host);
  } catch (error) {
    assert.instance(error, MinidockError);
    assert.is((error as MinidockError).kind, 'usage');
    return (error as MinidockError).message;
  }
  return 'accepted';
};

test('no limit asked for, none set; devices are always limited', () => {
  assert.equal(resourcesFor({}, host), { devices: defaultDeviceRules });
  assert.equal(resourcesFor({ memory: 0, cpus: 0, pidsLimit: -1 }, host), { devices: defaultDeviceRules });
  assert.equal(defaultDeviceRules[0], { allow: false, access: 'rwm' });
});

test('limits in the units of the runtime spec', () => {
  const { memory, cpu, pids } = resourcesFor({ memory: 64 << 20, cpus: 1.5, pidsLimit: 50 }, host);
  assert.equal(memory, { limit: 67108864, swap: 134217728 });
  assert.equal(cpu, { quota: 150000, period: 100000 });
  assert.equal(pids, { limit: 50 });
});

test("what Docker refuses, in Docker's words", () => {
  assert.match(refusal({ memory: (6 << 20) - 1 }), 'Minimum memory limit allowed is 6MB');
  assert.is(refusal({ memory: 6 << 20 }), 'accepted');
  const range = 'Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available';
  assert.match(refusal({ cpus: 2.5 }), range);
  assert.match(refusal({ cpus: 0.001 }), range);
  assert.match(refusal({ cpus: -1 }), range);
  assert.match(refusal({ cpus: Number.NaN, memory: 1 }), '6MB');
  assert.is(refusal({ cpus: 2 }), 'accepted');
});

test.run();
