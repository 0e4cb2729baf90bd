import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeExec } from '../exec/create.ts';
import { decodeUpdate } from './update.ts';

test('the body of an update says what update’s flags say', () => {
  assert.equal(decodeUpdate('{"Memory":67108864,"NanoCpus":500000000,"PidsLimit":-1,"RestartPolicy":{"Name":""}}'), {
    memory: 67_108_864,
    cpus: 0.5,
    pidsLimit: -1,
  });
  assert.equal(decodeUpdate('{"RestartPolicy":{"Name":"no"}}'), { restart: { name: 'no', maximumRetryCount: 0 } });
  assert.equal(decodeUpdate('{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}}'), {
    restart: { name: 'on-failure', maximumRetryCount: 3 },
  });
  assert.throws(() => decodeUpdate('{"RestartPolicy":{"Name":"often"}}'), /^invalid restart policy 'often'/);
  assert.throws(() => decodeUpdate('{"KernelMemory":4096}'), /^Linux has no limit for kernel memory/);
});

test('the body of an exec says what exec’s flags say', () => {
  const body =
    '{"User":"1:2","Privileged":true,"Tty":true,"AttachStdin":true,"Env":["A=b"],"WorkingDir":"/x","Cmd":["sh"]}';
  assert.equal(decodeExec(body), {
    command: ['sh'],
    env: ['A=b'],
    workdir: '/x',
    user: '1:2',
    privileged: true,
    tty: true,
    interactive: true,
    detachKeys: '',
  });
  assert.throws(() => decodeExec('{}'), /^No exec command specified$/);
});

test.run();
