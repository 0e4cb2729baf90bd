import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConntrack } from '../conntrack/table.ts';
import { flowsBefore, flowsIn, flowsOfRemoved } from './flows.ts';

const line = (from: string, to: string, port: number, server: string, serverPort: number, protocol = 'udp      17') =>
  `ipv4     2 ${protocol} 29 src=${from} dst=${to} sport=5000 dport=${port} [UNREPLIED] src=${server} dst=${from} sport=${serverPort} dport=5000 mark=0 zone=0 use=2`;
const held = [
  line('10.9.0.2', '10.9.0.1', 53, '10.9.0.1', 53),
  line('10.9.0.2', '10.9.0.1', 53, '172.18.0.2', 53),
  line('10.9.0.3', '10.9.0.1', 53, '172.18.0.7', 53),
  line('172.18.0.2', '9.9.9.9', 53, '9.9.9.9', 53),
  line('10.9.0.2', '10.9.0.1', 54, '10.9.0.1', 54),
];
const flows = flowsIn(
  parseConntrack([...held, line('10.9.0.2', '10.9.0.1', 53, '10.9.0.1', 53, 'tcp      6'), 'nonsense', ''].join('\n')),
);
const ports = [{ hostIp: '0.0.0.0', hostPort: 53, containerPort: 53, protocol: 'udp' }] as const;
const published = { address: '172.18.0.2', ports };
const isLocal = (address: string) => address === '10.9.0.1';

test('what the kernel shows of UDP', () => {
  assert.is(flows.length, 5);
  assert.equal(flows[1], {
    ...{ source: '10.9.0.2', sourcePort: 5000, destination: '10.9.0.1', destinationPort: 53 },
    ...{ server: '172.18.0.2', serverPort: 53 },
  });
});

test('a port that is published takes over what came to it before, not what only passes through', () => {
  assert.equal(flowsBefore(flows, published, isLocal), [flows[0], flows[2]]);
  const elsewhere = [{ ...ports[0], hostIp: '10.9.0.9' }];
  assert.equal(flowsBefore(flows, { ...published, ports: elsewhere }, isLocal), []);
  assert.equal(flowsBefore(flows, { ...published, ports: [{ ...ports[0], protocol: 'tcp' }] }, isLocal), []);
});

test('with a port go the flows to its container alone', () => {
  assert.equal(flowsOfRemoved(flows, published), [flows[1]]);
});

test.run();
