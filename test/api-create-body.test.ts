// @mounts-nothing no container is made: a client's request is read
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test as plainTest } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeCreateBody } from '../src/api/shapes/container/create/body.ts';
import { containerOptionsOf } from '../src/api/shapes/container/create/options.ts';
import { parse } from '../src/cli/grammar/parse.ts';
import { containerFlags, toRunOptions } from '../src/cli/options/run-options.ts';
import type { ContainerOptions } from '../src/container/record.ts';
import { onExit, temporaryFolder } from './support/cleanup.ts';
import { docker2010, requires } from './support/requires.ts';

/**
 * Docker's own client turns flags into a request, which is read; our command line reads the same flags: both ask for the same
 * container.
 */
const test = requires('docker');

const lines: readonly string[] = [
  '',
  '-it --rm -h box --domainname home -u 1000:10 -w /srv -e A=b -e C= --entrypoint sh',
  '-a stdout -i --name web --stop-signal INT --stop-timeout 5 -l a=b -l c --init',
  '-p 8080:80 -p 127.0.0.1:53:53/udp -p 9000-9002:90-92 -p 7000-7005:70 -P --expose 443 --expose 8000-8002/tcp',
  '-v /host:/there:ro,rslave -v data:/data -v /anonymous --tmpfs /run:size=1m --tmpfs /tmp --volumes-from other:ro --volume-driver local',
  '--mount type=bind,source=/a,target=/b,readonly,bind-propagation=rshared --mount type=volume,src=v,dst=/v,volume-nocopy,volume-label=x=y --mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700',
  '-m 64m --memory-swap 128m --memory-reservation 32m --memory-swappiness 10 --oom-kill-disable --oom-score-adj 500 --pids-limit 50 --shm-size 1m',
  '--cpus 1.5 -c 512 --cpuset-cpus 0 --cpuset-mems 0 --blkio-weight 300 --ulimit nofile=10:20 --ulimit core=-1',
  '--cpu-period 50000 --cpu-quota 25000 --device-read-bps /dev/null:1mb --device-write-iops /dev/null:10 --blkio-weight-device /dev/null:200',
  '--cap-add NET_ADMIN --cap-drop ALL --cap-drop cap_chown --device /dev/null:/dev/zero:rw --device-cgroup-rule "c 10:200 rwm" --group-add audio --privileged --read-only',
  '--security-opt no-new-privileges --security-opt seccomp=unconfined --security-opt systempaths=unconfined',
  '--pid host --ipc shareable --uts host --userns host --cgroupns host --sysctl net.core.somaxconn=1000 --net none',
  '--network container:web --ipc container:web --pid container:web',
  '--network net --network-alias a --network-alias b --ip 172.30.0.9 --mac-address 02:42:ac:12:00:02 --link db:store',
  '--dns 1.1.1.1 --dns-search example.com --dns-opt ndots:2 --add-host a:1.2.3.4 --add-host b:host-gateway',
  '--log-driver json-file --log-opt max-size=1m --log-opt max-file=2 --restart on-failure:3',
  '--restart unless-stopped --health-cmd true --health-interval 10s --health-timeout 1m --health-start-period 2s --health-retries 4',
  '--no-healthcheck --restart always --log-driver none',
];

test('what Docker’s client asks for is what our flags ask for', async () => {
  const requests: { url: string; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ url: request.url ?? '', body: Buffer.concat(chunks).toString() });
      const isCreation = request.url!.includes('/containers/create');
      response.writeHead(isCreation ? 201 : 200, {
        'API-Version': '1.41',
        Ostype: 'linux',
        'Content-Type': 'application/json',
      });
      response.end(isCreation ? '{"Id":"4711","Warnings":[]}' : 'OK');
    });
  });
  const socket = join(temporaryFolder('create-body'), 's');
  await new Promise<void>(resolve => server.listen(socket, resolve));
  onExit(() => server.close());

  for (const line of lines) {
    const args = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    await new Promise<void>((resolve, reject) =>
      execFile(
        docker2010() ?? 'docker',
        ['-H', `unix://${socket}`, 'create', ...args, 'image', 'echo', 'hi there'],
        (error, _, stderr) => (error === null ? resolve() : reject(new Error(`${line}: ${stderr}`))),
      ),
    );
    const { url, body } = requests.at(-1)!;
    const query = new URL(url, 'http://d').searchParams;
    const asked = containerOptionsOf(decodeCreateBody(body), {
      name: query.get('name') ?? '',
      platform: query.get('platform') ?? '',
    });
    const { flags, operands } = parse(containerFlags, [...args, 'image', 'echo', 'hi there'], true);
    assert.equal(comparable(asked), comparable(toRunOptions(flags, operands, {}, false)), line);
  }
  server.close();
});

/** Lists whose order says nothing are sorted, since a request has maps of them; what is undefined is not there. */
function comparable(options: ContainerOptions): unknown {
  const sorted = <T>(list: readonly T[] | undefined) =>
    list && [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const { entrypoint, tmpfs, ...more } = options;
  return JSON.parse(
    JSON.stringify({
      ...more,
      entrypoint: [entrypoint].flat(),
      env: sorted(options.env),
      tmpfs: tmpfs && Object.fromEntries(Object.entries(tmpfs).sort()),
      volumes: sorted(options.volumes),
      ports: sorted(options.ports.map(({ hostIp = '', ...port }) => ({ hostIp, ...port }))),
      exposed: sorted(options.exposed),
      sysctls: options.sysctls && Object.entries(options.sysctls).sort(),
    }),
    (_, value) =>
      value && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort())
        : value,
  );
}

plainTest('what no flag can say is refused in the flags’ words, or in Docker’s', () => {
  const cases: [body: string, message: RegExp][] = [
    ['', /^EOF$/],
    ['{}', /^Config cannot be empty in order to create a container$/],
    ['{"HostConfig":{}}', /^Config cannot be empty/],
    ['{"Image":"i","HostConfig":{"KernelMemory":8}}', /^Linux has no limit for kernel memory/],
    ['{"Image":"i","HostConfig":{"CpuRealtimeRuntime":8}}', /^real-time CPU time cannot be given/],
    ['{"Image":"i","HostConfig":{"CgroupParent":"/x"}}', /^CgroupParent \/x/],
    ['{"Image":"i","HostConfig":{"Runtime":"kata"}}', /^Unknown runtime specified kata$/],
    [
      '{"Image":"i","HostConfig":{"Binds":["relative"]}}',
      /^invalid mount path: 'relative' mount path must be absolute$/,
    ],
    ['{"Image":"i","HostConfig":{"PortBindings":{"80/sctp":[{}]}}}', /^invalid proto: sctp$/],
    ['{"Image":"i","HostConfig":{"Ulimits":[{"Name":"x"}]}}', /^invalid ulimit type: x/],
    ['{"Image":"i","HostConfig":{"AutoRemove":true,"RestartPolicy":{"Name":"always"}}}', /^can't create 'AutoRemove'/],
    ['{"Image":"i","HostConfig":{"MaskedPaths":["/proc/kcore"]}}', /^MaskedPaths: \/proc\/asound cannot be chosen/],
    ['{"Image":"i","HostConfig":{"DeviceRequests":[{"Count":-1}]}}', /^could not select device driver/],
    [
      '{"Image":"i","NetworkingConfig":{"EndpointsConfig":{"b":{},"a":{}}}}',
      /^Container cannot be connected to network endpoints: a, b$/,
    ],
    ['{"Image":"i","Healthcheck":{"Interval":5}}', /^Interval in Healthcheck cannot be less than 1ms$/],
  ];
  for (const [body, message] of cases)
    assert.throws(
      () => containerOptionsOf(decodeCreateBody(body)),
      (error: Error) => message.test(error.message) || assert.unreachable(`${body}: ${error.message}`),
    );
});

test.run();
