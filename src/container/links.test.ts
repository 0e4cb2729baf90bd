import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostsLine, type Linked, linkVariables, readLink } from './links.ts';

const linked = (
  alias: string,
  env: string[],
  exposed: string[],
  published: [number, 'tcp' | 'udp'][] = [],
): Linked => ({
  alias,
  address: '172.17.0.2',
  target: {
    name: 'child',
    hostname: 'ch',
    config: { Env: env, ExposedPorts: Object.fromEntries(exposed.map(port => [port, {}])) },
    options: { ports: published.map(([containerPort, protocol]) => ({ containerPort, protocol })), domainname: 'test' },
  },
});

test('a link by name, and by an alias', () => {
  assert.equal(readLink('db'), { name: 'db', alias: 'db' });
  assert.equal(readLink('db:store'), { name: 'db', alias: 'store' });
  assert.equal(readLink('db:'), { name: 'db', alias: 'db' });
});

test('/etc/hosts: alias, hostname, name, each once', () => {
  assert.is(hostsLine(linked('kid', [], [])), '172.17.0.2\tkid ch.test child');
  assert.is(hostsLine(linked('child', [], [])), '172.17.0.2\tchild ch.test');
});

test('the environment, as Docker 20.10 printed it', () => {
  const env = ['A=b=c', 'E=', 'HOME=/x', 'PATH=/bin', 'NOTHING'];
  assert.equal(linkVariables('par', linked('kid-er', env, ['81/tcp', '443/udp'], [[80, 'tcp']])), [
    'KID_ER_PORT=tcp://172.17.0.2:80',
    'KID_ER_PORT_80_TCP=tcp://172.17.0.2:80',
    'KID_ER_PORT_80_TCP_ADDR=172.17.0.2',
    'KID_ER_PORT_80_TCP_PORT=80',
    'KID_ER_PORT_80_TCP_PROTO=tcp',
    'KID_ER_PORT_81_TCP=tcp://172.17.0.2:81',
    'KID_ER_PORT_81_TCP_ADDR=172.17.0.2',
    'KID_ER_PORT_81_TCP_PORT=81',
    'KID_ER_PORT_81_TCP_PROTO=tcp',
    'KID_ER_PORT_443_UDP=udp://172.17.0.2:443',
    'KID_ER_PORT_443_UDP_ADDR=172.17.0.2',
    'KID_ER_PORT_443_UDP_PORT=443',
    'KID_ER_PORT_443_UDP_PROTO=udp',
    'KID_ER_NAME=/par/kid-er',
    'KID_ER_ENV_A=b=c',
    'KID_ER_ENV_E=',
  ]);
  assert.equal(linkVariables('par', linked('kid', [], [])), ['KID_NAME=/par/kid']);
});

test('three ports in a row are told as one range as well', () => {
  const all = linkVariables('par', linked('kid', [], ['8082/tcp', '8080/tcp', '8081/udp', '90/tcp', '91/tcp']));
  assert.equal(
    all.filter(one => /_(START|END)=/.test(one)),
    [
      'KID_PORT_8080_TCP_START=tcp://172.17.0.2:8080',
      'KID_PORT_8080_TCP_PORT_START=8080',
      'KID_PORT_8080_TCP_END=tcp://172.17.0.2:8082',
      'KID_PORT_8080_TCP_PORT_END=8082',
    ],
  );
});

test.run();
