import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { requires } from './support/requires.ts';

// @mounts-nothing it asks for streams and refusals

/** attach and the rules of standard input, beside Docker 20.10. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let pair: Both;

test.before(async () => {
  pair = await both();
});
test.after.each(async () => {
  await pair.ask(['rm', '-f', 'cc']);
});

interface Line {
  words: string;
  input?: string;
  /** What each engine does just before: a container that lives for a second must not wait for the other engine. */
  first?: string;
}
const stdin = (words: string, input: string): Line => ({ words, input });
const afterStart = (words: string, input: string): Line => ({ words, input, first: 'start cc' });
const streams =
  'inspect -f {{.Config.OpenStdin}},{{.Config.StdinOnce}},{{.Config.AttachStdin}},{{.Config.AttachStdout}} cc';

/** Commands in order; each is compared. */
const cases: [what: string, ...lines: (string | Line)[]][] = [
  ['attach to nothing', 'attach nosuch'],
  ['attach to a container that was never started', 'create --name cc bb', 'attach cc'],
  ['attach to one that has ended', 'run --name cc bb true', 'attach cc'],
  ['attach to a paused one', 'run -d --name cc bb sleep 100', 'pause cc', 'attach cc', 'unpause cc'],
  ['attach to a terminal from a pipe', 'run -dt --name cc bb sleep 100', 'attach cc'],
  ['create -i: StdinOnce', 'create -i --name cc bb cat', streams],
  ['run -d -i: not', 'run -d -i --name cc bb cat', streams],
  ['run -i', stdin('run -i --name cc bb cat', 'hello\n'), streams],
  ['create', 'create --name cc bb cat', streams],
  [
    'an input that ends',
    'create -i --name cc bb sh -c cat;exit\u00a05',
    'start cc',
    stdin('attach cc', 'hello\n'),
    'logs cc',
  ],
  [
    'an input that is kept',
    'create --name cc bb sh -c sleep\u00a02;cat;exit\u00a06',
    afterStart('attach cc', 'hello\n'),
  ],
  [
    '--no-stdin',
    'create -i --name cc bb sh -c sleep\u00a02;exit\u00a08',
    afterStart('attach --no-stdin cc', 'hello\n'),
  ],
  ['start -ai', 'create -i --name cc bb sh -c cat;exit\u00a09', stdin('start -ai cc', 'hello\n'), 'logs cc'],
  ['exec -i', 'run -d --name cc bb sleep 100', stdin('exec -i cc sh -c cat;exit\u00a04', 'hello\n')],
  ['exec', 'run -d --name cc bb sleep 100', stdin('exec cc cat', 'hello\n')],
];

const wordsOf = (line: string) => line.split(' ').map(word => word.replaceAll('\u00a0', ' '));

for (const [what, ...lines] of cases)
  test(what, async () => {
    for (const line of lines) {
      const { words, input = '', first } = typeof line === 'string' ? { words: line } : line;
      if (first === undefined) {
        await pair.same(wordsOf(words), { input });
        continue;
      }
      const answers = [];
      for (const engine of [pair.docker, pair.ours]) {
        assert.is((await engine(wordsOf(first))).code, 0);
        const { code, stdout } = await engine(wordsOf(words), input);
        answers.push({ code, stdout });
      }
      assert.equal(answers[1], answers[0], words);
    }
  });

test.run();
