import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseSockets } from '../../host/sockets.ts';
import type { Data } from '../../syscalls/data.ts';
import type { PortMapping } from './ports.ts';
import { checkPort, formatPort, portError, portMapping } from './ports.ts';
import { relayPorts } from './relay.ts';

const web = { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' } as const;
const dns = { hostIp: '127.0.0.1', hostPort: 5353, containerPort: 53, protocol: 'udp' } as const;

test('a tcp port is bound and listens, a udp port is bound', () => {
  const names = portMapping([web, dns]).map(step => (step.op === 'syscall' ? step.name : step.op));
  assert.equal(names, ['socket', 'setsockopt', 'bind', 'listen', 'socket', 'bind']);
});

test('the address is a sockaddr_in in network order', () => {
  const bind = portMapping([dns]).find(step => step.op === 'syscall' && step.name === 'bind');
  if (bind?.op !== 'syscall') throw new Error('no bind');
  assert.is(Buffer.from((bind.args[1] as Data).bytes).toString('hex'), '020014e97f0000010000000000000000');
  assert.is(bind.args[2], 16);
});

test('of IPv6 the address is a sockaddr_in6, and the socket is of that family alone', () => {
  const to = { address: '172.18.0.2', addressFile: '/run/relay-address', program: '/relay' };
  const { host, relay, supervise } = relayPorts([{ ...web, hostIp: '::1' }], to);
  const calls = host.flatMap(step => (step.op === 'syscall' ? [step] : []));
  assert.equal(
    calls.map(step => step.name),
    ['epoll_create1', 'socket', 'setsockopt', 'setsockopt', 'bind', 'listen', 'epoll_ctl'],
  );
  const bind = calls.find(step => step.name === 'bind')!;
  assert.is(
    Buffer.from((bind.args[1] as Data).bytes).toString('hex'),
    `0a001f90${'0'.repeat(8)}${'0'.repeat(31)}1${'0'.repeat(8)}`,
  );
  assert.is(bind.args[2], 28);
  assert.is(portError(bind, 'EACCES')?.message, 'cannot publish port [::1]:8080/tcp: EACCES');
  const last = relay.at(-1);
  assert.is(
    last?.op === 'syscall' && (last.args[1] as Data).text,
    '["minidock-relay", "/run/relay-address", "<socket of 8080/tcp>", "172.18.0.2:80"]',
  );
  assert.is(supervise.relay, calls[0]!.save);
  assert.equal(relayPorts([], to), { host: [], relay: [], supervise: {} });
});

test('a step that failed leads to its port, and the error names it', () => {
  const held = portMapping([web, dns]);
  const bind = held.filter(step => step.op === 'syscall' && step.name === 'bind')[1]!;
  assert.is(
    portError(bind, 'EADDRNOTAVAIL')?.message,
    'cannot publish port 127.0.0.1:5353/udp: 127.0.0.1 is not an address of this host',
  );
  assert.match(
    portError(bind, 'EADDRINUSE')!.message,
    /^cannot publish port 127\.0\.0\.1:5353\/udp: it is already in use/,
  );
  assert.is(portError({ ...bind }, 'EADDRINUSE'), undefined);
});

test('what cannot be bound is refused with its value', () => {
  const refused = (change: Partial<PortMapping>) => {
    try {
      checkPort({ ...web, ...change });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.is(refused({}), '');
  assert.is(refused({ hostPort: 0 }), '', 'one that the engine picks');
  assert.is(refused({ hostIp: '::1' }), '');
  assert.is(refused({ hostPort: -1 }), 'invalid host port "-1": not in 1 to 65535');
  assert.is(refused({ lastHostPort: 65536 }), 'invalid host port "65536": not in 1 to 65535');
  assert.is(refused({ containerPort: 65536 }), 'invalid container port "65536": not in 1 to 65535');
  assert.is(refused({ hostPort: Number.NaN }), 'invalid host port "NaN": not in 1 to 65535');
  assert.is(refused({ hostIp: '::g' }), 'invalid host address "::g": not an IP address');
});

test('a port reads as docker ps shows it', () => {
  assert.is(formatPort(web), '0.0.0.0:8080->80/tcp');
});

test('sockets of the kernel, IPv4 and IPv6', () => {
  const content = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0',
    '   1: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 7 1',
    '',
  ].join('\n');
  assert.equal(parseSockets(content), [
    { port: 8080, inode: '4242', listening: true },
    { port: 80, inode: '7', listening: false },
  ]);
});

test.run();
