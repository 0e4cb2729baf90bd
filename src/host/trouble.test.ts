import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../errors.ts';
import { explainTrouble } from './trouble.ts';

const said = (fields: object) => {
  const error = explainTrouble(Object.assign(new Error('x'), fields));
  return error instanceof MinidockError ? `${error.message}; ${error.fix}` : undefined;
};

test('too little memory is no defect, whoever throws it', () => {
  const wanted = /^spawn "\/sbin\/iptables": cannot allocate memory; free some memory/;
  // As Node throws it, with the program that start-process.ts adds, and as it would emit it.
  assert.match(said({ code: 'ENOMEM', syscall: 'spawn', path: '/sbin/iptables' })!, wanted);
  assert.match(said({ code: 'ENOMEM', syscall: 'spawn /sbin/iptables', path: '/sbin/iptables' })!, wanted);
});

test('no more processes: a trouble where one is started, a surprise elsewhere', () => {
  const path = '/sbin/iptables';
  assert.match(said({ code: 'EAGAIN', syscall: `spawn ${path}`, path })!, /^spawn "\/sbin\/iptables": the limit of/);
  assert.is(said({ code: 'EAGAIN', syscall: 'read' }), undefined);
});

test('a mount where files are ours: a trouble where one is renamed or removed, a surprise elsewhere', () => {
  const path = '/lock/free';
  assert.is(
    said({ code: 'EBUSY', syscall: 'rename', path }),
    'rename "/lock/free": device or resource busy; see what is mounted there: `findmnt`',
  );
  assert.is(said({ code: 'EBUSY', syscall: 'open', path }), undefined);
});

test.run();
