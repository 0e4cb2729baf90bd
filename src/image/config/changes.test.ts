import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { applyChanges } from './changes.ts';

const cases: [changes: string[], config: object][] = [
  [['CMD ["nginx", "-g", "daemon off;"]'], { Cmd: ['nginx', '-g', 'daemon off;'] }],
  [['cmd nginx -g off'], { Cmd: ['/bin/sh', '-c', 'nginx -g off'] }],
  [['CMD [broken'], { Cmd: ['/bin/sh', '-c', '[broken'] }],
  [['ENTRYPOINT ["/e"]', 'CMD ["c"]'], { Entrypoint: ['/e'], Cmd: ['c'] }],
  [['CMD ["c"]', 'ENTRYPOINT ["/e"]'], { Entrypoint: ['/e'], Cmd: ['c'] }],
  [['ENV A=1 B="two words" C=\'x y\' D=a\\ b'], { Env: ['A=1', 'B=two words', 'C=x y', 'D=a b'] }],
  [['ENV A="say \\"hi\\" for \\$5 \\n"'], { Env: ['A=say "hi" for $5 \\n'] }],
  [['ENV A the rest  of it', 'ENV B=1', 'ENV B=2'], { Env: ['A=the rest  of it', 'B=2'] }],
  [['ENV EMPTY='], { Env: ['EMPTY='] }],
  [['WORKDIR www'], { WorkingDir: '/www' }],
  [['ENV A=1', 'ENV B=$A$A', 'LABEL c=$B'], { Env: ['A=1', 'B=11'], Labels: { c: '11' } }],
  [['WORKDIR /srv/', 'WORKDIR www'], { WorkingDir: '/srv/www' }],
  [['WORKDIR /srv/www', 'WORKDIR ../a/./b'], { WorkingDir: '/srv/a/b' }],
  [
    ['EXPOSE 80 53/UDP', 'EXPOSE 8000-8002'],
    { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {}, '8002/tcp': {} } },
  ],
  [['USER nobody:65534'], { User: 'nobody:65534' }],
  [['VOLUME ["/data"]', 'VOLUME /a /b'], { Volumes: { '/data': {}, '/a': {}, '/b': {} } }],
  [['LABEL a.b="c d"', 'LABEL e=f'], { Labels: { 'a.b': 'c d', e: 'f' } }],
  [['STOPSIGNAL SIGQUIT'], { StopSignal: 'SIGQUIT' }],
];

for (const [changes, config] of cases) {
  test(changes.join(' · '), () => {
    assert.equal(applyChanges({}, changes), config);
  });
}

test('a new entrypoint takes the inherited command away, and nothing else', () => {
  const inherited = { Cmd: ['old'], Env: ['A=1'] };
  assert.equal(JSON.parse(JSON.stringify(applyChanges(inherited, ['ENTRYPOINT /e']))), {
    Entrypoint: ['/bin/sh', '-c', '/e'],
    Env: ['A=1'],
  });
  applyChanges(inherited, ['CMD new', 'ENV A=2']);
  assert.equal(inherited, { Cmd: ['old'], Env: ['A=1'] });
});

for (const change of [
  '',
  'CMD',
  'RUN true',
  'EXPOSE 0',
  'EXPOSE 70000',
  'EXPOSE 9-8',
  'EXPOSE http',
  'ENV A',
  'ENV A=1 B',
  'ENV =1',
]) {
  test(`refuses ${JSON.stringify(change)}`, () => {
    assert.throws(
      () => applyChanges({}, [change]),
      (error: Error) => error.message.startsWith(`invalid change ${JSON.stringify(change)}: `),
    );
  });
}

test.run();
