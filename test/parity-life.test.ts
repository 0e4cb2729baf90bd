import { type Both, both } from './support/both.ts';
import { requires } from './support/requires.ts';

/** The verbs of a container's life, beside Docker 20.10: the same output, exit code and gist of the error in every state. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let pair: Both;

test.before(async () => {
  pair = await both();
});
test.after.each(async () => {
  await pair.ask(['rm', '-f', 'one', 'two', 'other']);
});

const none = '--network none bb';
const sleeps = `run -d --name one ${none} sleep 1000`;
const state =
  'inspect -f {{.State.Status}},{{.State.Running}},{{.State.Paused}},{{.State.Pid|eq\u00a00}},{{.State.ExitCode}} one';
const cases: [what: string, ...lines: string[]][] = [
  ['create, start, wait', `create --name one ${none} sh -c exit\u00a03`, state, 'start one', 'wait one', state],
  [
    'start again with -a',
    `create --name one ${none} sh -c echo\u00a0hi;exit\u00a03`,
    'start -a one',
    'start -a one',
    'logs one',
  ],
  ['a failed start', `run --name one ${none} nosuch`, state, 'start one', 'start -a one', 'wait one', 'rm one'],
  [
    'a command that cannot be executed',
    `run -d --name one ${none} /etc`,
    state,
    'ps -a --format {{.Names}}:{{.Status}}',
  ],
  ['a failed start with --rm', `run --rm --name one ${none} nosuch`, 'ps -a --format {{.Names}}'],
  ['a user that is not there', `run --name one -u nosuch ${none} true`, 'ps -a --format {{.Names}}:{{.Status}}'],
  ['create twice', `create --name one ${none} true`, `create --name one ${none} true`],
  ['create without an image', 'create', 'create --name'],
  ['start what runs', sleeps, 'start one one', state],
  [
    'start several',
    `create --name one ${none} sleep 9`,
    `create --name two ${none} sleep 9`,
    'start one nosuch two',
    'start -a one two',
  ],
  [
    'pause',
    sleeps,
    'pause one',
    state,
    'pause one',
    'ps --format {{.State}}',
    'exec one true',
    'rm one',
    'start one',
    'unpause one',
    'unpause one',
    state,
  ],
  ['pause in another state', `create --name one ${none} true`, 'pause one', 'unpause one', 'pause nosuch'],
  ['stop what is paused', sleeps, 'pause one', 'stop -t 0 one', state],
  ['kill what is paused', sleeps, 'pause one', 'kill one', state],
  ['rm -f of what is paused', sleeps, 'pause one', 'rm -f one'],
  ['restart what is paused', sleeps, 'pause one', 'restart -t 0 one', state],
  [
    'kill',
    sleeps,
    'kill -s FOO one',
    'kill -s 0 one',
    'kill -s CONT one',
    'kill one',
    state,
    'kill one',
    'kill one nosuch',
  ],
  [
    'kill of a real-time signal',
    `run -d --name one ${none} sh -c trap\u00a0exit\u00a037;while\u00a0:;do\u00a0sleep\u00a00.1;done`,
    'kill -s RTMIN+3 one',
    'kill -s SIGRTMAX-1 one',
    state,
  ],
  ['stop twice', sleeps, 'stop -t 0 one', 'stop one', state, 'stop nosuch'],
  ['restart', sleeps, 'restart -t 0 one', state, 'stop -t 0 one', 'restart one', state, 'restart nosuch'],
  [
    'restart of --rm',
    `run -d --rm --name one ${none} sleep 1000`,
    'restart -t 0 one',
    state,
    'stop -t 0 one',
    'ps -aq',
  ],
  ['wait', `create --name one ${none} true`, 'wait one', 'wait nosuch one'],
  [
    'rename',
    sleeps,
    'rename one one',
    'rename one other',
    'ps --format {{.Names}}',
    `create --name one ${none} true`,
    'rename other one',
    'rename nosuch two',
    'rename other a/b',
    'rename other x',
  ],
  ['rename to nothing', sleeps, 'rename one \u00a0', 'rename one'],
  ['port', sleeps, 'port one', 'port one 80', 'port one 80/udp', 'port nosuch'],
  ['rm', sleeps, 'rm one', 'rm -l one', 'stop -t 0 one', 'rm one nosuch', 'rm -l nosuch'],
  ['exec in another state', `create --name one ${none} true`, 'exec one true', 'exec -d one true'],
  [
    'container prune',
    `run --name one ${none} true`,
    'container prune -f --filter label=x',
    'container prune -f --filter foo=x',
    'container prune',
    'ps -a --format {{.Names}}',
  ],
  [
    'verbs of the group',
    `container create --name one ${none} sleep 9`,
    'container start one',
    'container pause one',
    'container unpause one',
    'container rename one two',
    'container kill two',
    'container wait two',
    'container port two',
    'container ls -a --format {{.Names}}',
    'container restart -t 0 two',
    'container rm -f two',
  ],
];

for (const [what, ...lines] of cases)
  test(what, async () => {
    // A blank within a word is written as one that does not break.
    for (const line of lines) await pair.same(line.split(' ').map(word => word.replaceAll('\u00a0', ' ')));
  });

test.run();
