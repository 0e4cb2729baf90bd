// @mounts-nothing its subject is the network
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { endProcesses, onExit, testRun } from './support/cleanup.ts';
import { findProgram, requires } from './support/requires.ts';

/** What names lead to, beside Docker 20.10: the same answers to dig in the containers of both, and the same files. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10', 'nsenter', 'dig', 'dnsmasq', 'ip');
let pair: Both;

/** A name server for both that is not this machine's, on an address of its own (198.18.0.0/15: RFC 2544). */
const number = 0x2000 + (Number.parseInt(testRun, 16) & 0x7fff);
const world = `198.19.${number >> 8}.${number & 0xff}`;

test.before(async () => {
  ip('address', 'add', `${world}/32`, 'dev', 'lo');
  onExit(() => void spawnSync('ip', ['address', 'del', `${world}/32`, 'dev', 'lo']));
  const options = ['-k', '-C', '/dev/null', '-R', '-h', '-x', '', '-u', 'root', '--bind-interfaces', '-I', 'none'];
  const child = spawn(findProgram('dnsmasq')!, [...options, '-a', world, '--address=/world.test/192.0.2.9'], {
    stdio: 'ignore',
  });
  child.unref();
  onExit(() => endProcesses([child.pid!]));
  pair = await both();
  for (const network of ['one', 'two']) await onBoth('network', 'create', network);
  await run('web', '--network', 'one', '--network-alias', 'www', '--network-alias', 'shared', '-h', 'machine');
  await run('api', '--network', 'one', '--network-alias', 'shared', '--add-host', 'there:192.0.2.1');
  await run('far', '--network', 'two', '--dns-search', 'lab.test', '--dns-opt', 'ndots:2', '--dns-opt', 'timeout:3');
});
test.after(async () => {
  await pair.ask(['rm', '-f', 'web', 'site', 'api', 'far', 'app']);
  for (const network of ['one', 'two']) await onBoth('network', 'rm', network);
});

function ip(...words: string[]): void {
  const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

async function onBoth(...words: string[]): Promise<void> {
  const { there, here } = await pair.ask(words);
  assert.is(there.code, 0, there.stderr);
  assert.is(here.code, 0, here.stderr);
}

const run = (name: string, ...flags: string[]) =>
  onBoth('run', '-d', '--name', name, '--dns', world, ...flags, 'bb', 'sleep', '1000');

type Engine = 'there' | 'here';
const says = async (engine: Engine, words: readonly string[]) =>
  (engine === 'there' ? pair.docker(words) : await pair.ours(words)).stdout.trim();

/** Id and pid of a container, kept until the next command. */
const seen = new Map<string, Promise<{ id: string; pid: string }>>();
const find = (engine: Engine, name: string) => {
  const known = seen.get(`${engine} ${name}`) ?? look(engine, name);
  seen.set(`${engine} ${name}`, known);
  return known;
};
async function look(engine: Engine, name: string): Promise<{ id: string; pid: string }> {
  const [id, pid] = (await says(engine, ['inspect', '-f', '{{.Id}} {{.State.Pid}}', name])).split(' ');
  return { id: id!, pid: pid! };
}

/** What both say in one form: addresses of containers by their last number, the name server's without any. */
const plain = (text: string) =>
  text
    .replace(/^nameserver .*$/gm, 'nameserver X')
    .replace(/\b[0-9a-f]{12}\b/g, 'ID')
    .replace(/\b(?!192\.0\.2\.)\d+\.\d+\.\d+\.(\d+)\b/g, 'N.$1');

/** The answer of dig: the status and the records, of which the order is no matter. `@id:NAME` and `@address:NAME` are looked up first. */
async function dig(engine: Engine, from: string, query: string): Promise<string[]> {
  const { pid } = await find(engine, from);
  const words = await Promise.all(
    query.split(' ').map(async word => {
      const [, what, name] = /^@(id|address):(.*)$/.exec(word) ?? [];
      if (what === undefined) return word;
      const container = await find(engine, name!);
      if (what === 'id') return container.id.slice(0, 12);
      return /(\S+)\s+\S+\s*$/.exec(readFileSync(`/proc/${container.pid}/root/etc/hosts`, 'utf8'))![1]!;
    }),
  );
  const server = /nameserver (\S+)/.exec(readFileSync(`/proc/${pid}/root/etc/resolv.conf`, 'utf8'))![1]!;
  const line = [
    '-t',
    pid,
    '-n',
    'dig',
    `@${server}`,
    '+time=8',
    '+tries=1',
    '+noall',
    '+comments',
    '+answer',
    ...words,
  ];
  const { stdout } = spawnSync('nsenter', line, { encoding: 'utf8' });
  const records = stdout.split('\n').filter(one => /^[^;\s]/.test(one));
  return [
    /status: (\w+)/.exec(stdout)?.[1] ?? stdout,
    ...records.map(one => plain(one.split(/\s+/).slice(1).join(' '))).sort(),
  ];
}

/** Commands for both, then questions: `FROM: WORDS of dig`. */
const cases: [what: string, commands: string[], questions: string[]][] = [
  ['by name', [], ['api: web', 'web: web', 'api: WEB']],
  ['by alias', [], ['api: www', 'api: shared']],
  ['by short id', [], ['api: @id:web', 'web: @id:api']],
  ['by hostname', [], ['api: machine']],
  ['with the network', [], ['api: web.one', 'api: www.one', 'api: web.two']],
  ['over TCP', [], ['api: +tcp web', 'api: +tcp world.test']],
  ['unknown names, and those of the world', [], ['api: nobody', 'api: nobody.one', 'api: world.test']],
  ['another network', [], ['api: far', 'far: web']],
  ['from an address', [], ['api: -x @address:web', 'web: -x @address:api']],
  ['other kinds of records', [], ['api: web AAAA', 'api: web MX', 'api: world.test AAAA']],
  ['ndots', [], ['far: nobody', 'far: no.body', 'far: far']],
  [
    'two networks',
    ['network connect --alias late two web'],
    ['far: web', 'far: late', 'web: far', 'web: late', 'web: web', 'web: web.one', 'web: web.two', 'api: late'],
  ],
  ['after a rename', ['rename web site'], ['api: web', 'api: site', 'api: www', 'far: site', 'far: -x @address:site']],
  [
    'linked',
    [`run -d --name app --dns ${world} --network one --link api:db --link nobody:gone bb sleep 1000`],
    ['app: db', 'app: db.one', 'app: api', 'app: gone', 'api: db', 'api: app'],
  ],
  ['paused', ['pause app'], ['api: app']],
  ['stopped', ['unpause app', 'stop -t 0 app'], ['api: app']],
  ['started again', ['start app'], ['api: app', 'app: db']],
  [
    'after disconnect',
    ['network disconnect one site'],
    ['api: site', 'api: www', 'api: shared', 'far: site', 'site: api'],
  ],
];

for (const [what, commands, questions] of cases)
  test(`names: ${what}`, async () => {
    for (const command of commands) await onBoth(...command.split(' '));
    seen.clear();
    for (const question of questions) {
      const [from, query] = question.split(': ') as [string, string];
      const [there, here] = await Promise.all([dig('there', from, query), dig('here', from, query)]);
      assert.equal(here, there, question);
    }
  });

test('resolv.conf and hosts', async () => {
  for (const name of ['api', 'far', 'app'])
    for (const file of ['/etc/resolv.conf', '/etc/hosts']) {
      const words = ['exec', name, 'cat', file];
      assert.is(plain(await says('here', words)), plain(await says('there', words)), `${name} ${file}`);
    }
});

test.run();
