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
  [['ENV A the rest  of it', 'ENV A=2'], { Env: ['A=2'] }],
  [['ENV EMPTY='], { Env: ['EMPTY='] }],
  [['WORKDIR /srv', 'WORKDIR www'], { WorkingDir: '/srv/www' }],
  [['EXPOSE 80 53/UDP 8000-8010'], { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000-8010/tcp': {} } }],
  [['USER nobody:65534'], { User: 'nobody:65534' }],
  [['VOLUME ["/data"]', 'VOLUME /a /b'], { Volumes: { '/data': {}, '/a': {}, '/b': {} } }],
  [['LABEL a.b="c d"', 'STOPSIGNAL SIGQUIT'], { Labels: { 'a.b': 'c d' }, StopSignal: 'SIGQUIT' }],
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
    assert.throws(() => applyChanges({}, [change]), /^invalid change|^Error: invalid change|invalid change "/);
  });
}

test.run();
