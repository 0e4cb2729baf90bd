import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Images } from '../../../engine/nouns/images.ts';
import { MinidockError } from '../../../errors.ts';
import type { HistoryLine } from '../../../image/history.ts';
import type { ImageRecord } from '../../../image/store.ts';
import { fakeEngine, fakeRecord, runLine } from '../../testing/fakes.ts';

const id = (digit: string) => `sha256:${digit.repeat(64)}` as const;

function image(digit: string, changes: Partial<ImageRecord>): ImageRecord {
  return {
    id: id(digit),
    manifestDigest: id('f'),
    repoTags: [],
    repoDigests: [],
    created: `2020-01-0${digit}T00:00:00Z`,
    size: 1_982_277,
    architecture: 'amd64',
    os: 'linux',
    config: {},
    document: {},
    history: [],
    diffIds: [],
    layers: [],
    ...changes,
  };
}

const stock = [
  image('4', { repoTags: ['app:2', 'other/app:1'], config: { Labels: { kind: 'test' } }, parent: id('2') }),
  image('3', { repoDigests: [`bydigest@${id('d')}`] }),
  image('2', {}),
  image('1', { repoTags: ['base:latest'], repoDigests: [`base@${id('e')}`] }),
];

const fake = (changes: Partial<Images> = {}) =>
  fakeEngine(fakeRecord(), 0, {
    list: async () => stock,
    inspect: async name => {
      const found = stock.find(({ repoTags }) => repoTags.includes(name));
      if (found === undefined) throw new MinidockError('no-such-image', `No such image: ${name}`);
      return found;
    },
    ...changes,
  }).engine;

const names = async (...args: string[]) => {
  const format = '{{.Repository}}:{{.Tag}}@{{slice .ID 0 1}}';
  const { code, stdout, stderr } = await runLine(['images', '--format', format, ...args], fake());
  assert.equal([code, stderr], [0, '']);
  return stdout.trim().split('\n').join(' ');
};

test('images: nameless parents only with -a; a name or filters choose', async () => {
  const all = 'app:2@4 other/app:1@4 bydigest:<none>@3 base:latest@1';
  assert.is(await names(), all);
  assert.is(await names('-a'), all.replace(' base', ' <none>:<none>@2 base'));
  assert.is(await names('app'), 'app:2@4');
  assert.is(await names('base:latest'), 'base:latest@1');
  assert.is(await names('*/*'), 'other/app:1@4');
  assert.is(await names('bydigest'), 'bydigest:<none>@3');
  assert.is(await names('nope'), '');
  assert.is(await names('-f', 'dangling=true', '-a'), 'bydigest:<none>@3 <none>:<none>@2');
  assert.is(await names('-f', 'dangling=false'), 'app:2@4 other/app:1@4 base:latest@1');
  assert.is(await names('-f', 'label=kind'), 'app:2@4 other/app:1@4');
  assert.is(await names('-f', 'label=kind=other'), '');
  assert.is(await names('-f', 'label=toString'), '');
  assert.is(await names('-f', 'before=app:2', '-f', 'reference=b*'), 'bydigest:<none>@3 base:latest@1');
  assert.is(
    await names('-f', 'since=base:latest', '-f', 'reference=a*', '-f', 'reference=o*/*'),
    'app:2@4 other/app:1@4',
  );
  for (const filter of ['dangling=maybe', 'foo=bar', 'before=nope', 'reference=a[']) {
    const { code, stderr } = await runLine(['images', '-f', filter], fake());
    assert.is(code, 1, filter);
    assert.match(stderr, /^minidock: .*(filter|No such image)/, filter);
  }
});

test('history: ids of what is known, sizes and times for people or not', async () => {
  const lines: HistoryLine[] = [
    {
      id: id('4'),
      created: '2020-01-02T03:04:05.678Z',
      createdBy: `RUN\techo ${'x'.repeat(50)}`,
      comment: 'c',
      size: 1999,
    },
    { createdBy: '', comment: '', size: 0 },
  ];
  const images = fake({ history: async () => lines });
  const shown = async (...args: string[]) => (await runLine(['history', ...args, 'app'], images)).stdout;
  assert.match(
    await shown(),
    /^IMAGE {10}CREATED {7}CREATED BY +SIZE {6}COMMENT\n4{12} {3}\d+ years ago {3}RUN echo x{35}… {3}2kB {7}c\n<missing> {6}N\/A +0B {8}\n$/,
  );
  assert.is(await shown('-q'), `${'4'.repeat(12)}\n<missing>\n`);
  assert.is(await shown('-q', '--no-trunc'), `${id('4')}\n<missing>\n`);
  assert.match(await shown('-H=false'), /^IMAGE +CREATED AT +.*\n4{12} +2020-01-02T03:04:05Z .* 1999 +c\n/);
  assert.match(await shown('--no-trunc'), /RUN echo x{50} /);
  assert.is(JSON.parse((await shown('--format', 'json')).split('\n')[0]!).CreatedAt, '2020-01-02T03:04:05Z');
});

test('rmi prints what went, goes on after a failure, and -f forgives what is not there', async () => {
  const asked: unknown[] = [];
  const images = fake({
    remove: async (names, options) => {
      asked.push([names, options.force, options.prune]);
      const outcomes = names.map(name =>
        name === 'nope'
          ? new MinidockError('no-such-image', 'No such image: nope:latest')
          : [{ untagged: `${name}:latest` }, { deleted: id('1') }],
      );
      return { outcomes, bytes: 0, failures: [] };
    },
  });
  const said = {
    stdout: `Untagged: a:latest\nDeleted: ${id('1')}\n`,
    stderr: 'minidock: No such image: nope:latest\n',
  };
  assert.equal(await runLine(['rmi', 'nope', 'a'], images), { code: 1, ...said });
  assert.equal(await runLine(['image', 'rm', '-f', '--no-prune', 'nope', 'a'], images), { code: 0, ...said });
  assert.equal(asked.at(-1), [['nope', 'a'], true, false]);
});

test.run();
