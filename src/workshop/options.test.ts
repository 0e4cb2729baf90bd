import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Options, parseOptions } from './options.ts';
import { wayToStay } from './text/language.ts';

/** What npm 8, 10 and 11 hand to the script for a line typed after `npm run lesson`: tried with each of them. */
const cases: [typed: string, argv: string[], env: NodeJS.ProcessEnv, expected: Partial<Options>][] = [
  ['', [], {}, { lesson: undefined, step: false, shell: false, language: 'en' }],
  ['04', ['04'], {}, { lesson: '04' }],
  ['04 --step', ['04'], { npm_config_step: 'true' }, { lesson: '04', step: true, shell: false }],
  ['--step 04', ['04'], { npm_config_step: 'true' }, { lesson: '04', step: true }],
  ['04 --no-step', ['04'], { npm_config_step: '' }, { lesson: '04', step: false }],
  ['04 --step=false', ['04'], { npm_config_step: 'false' }, { lesson: '04', step: false }],
  ['04 --shell', ['04'], { npm_config_shell: '' }, { lesson: '04', shell: true }],
  ['--shell 04', [], { npm_config_shell: '04' }, { lesson: '04', shell: true }],
  [
    '--step --shell 04',
    [],
    { npm_config_step: 'true', npm_config_shell: '04' },
    { lesson: '04', shell: true, step: true },
  ],
  ['04 --lang zh', ['04', 'zh'], { npm_config_long: 'true' }, { lesson: '04', language: 'zh', ignored: [] }],
  ['--lang zh 04', ['zh', '04'], { npm_config_long: 'true' }, { lesson: '04', language: 'zh', ignored: [] }],
  ['--lang zh', ['zh'], { npm_config_long: 'true' }, { lesson: undefined, language: 'zh' }],
  ['04 --shell zh', ['04'], { npm_config_shell: 'zh' }, { lesson: '04', shell: true, language: 'zh', ignored: [] }],
  ['04 --step zh', ['04', 'zh'], { npm_config_step: 'true' }, { lesson: '04', step: true, language: 'zh' }],
  ['04 --shell --lang zh', ['04', 'zh'], { npm_config_shell: '' }, { lesson: '04', shell: true, language: 'zh' }],
  ['-- 04 --step --lang zh', ['04', '--step', '--lang', 'zh'], {}, { lesson: '04', step: true, language: 'zh' }],
  ['-- 04 --lang=zh_CN.UTF-8 --shell', ['04', '--lang=zh_CN.UTF-8', '--shell'], {}, { language: 'zh', shell: true }],
  ['-- --lang fr 04', ['--lang', 'fr', '04'], {}, { lesson: '04', ignored: [] }],
  ['-- --help', ['--help'], {}, { help: true }],
  ['-- -h', ['-h'], {}, { help: true, lesson: undefined }],
  ['c', ['c'], { LANG: 'zh_CN.UTF-8' }, { lesson: 'c', language: 'zh' }],
  ['04 en', ['04', 'en'], { LANG: 'zh_CN.UTF-8' }, { lesson: '04', language: 'en' }],
  ['04 -- check', ['04', 'check'], {}, { lesson: '04', action: 'check', solution: false, ignored: [] }],
  ['04 -- check --solution', ['04', 'check', '--solution'], {}, { lesson: '04', action: 'check', solution: true }],
  ['04 check --solution', ['04', 'check'], { npm_config_solution: 'true' }, { action: 'check', solution: true }],
  ['-- check 04', ['check', '04'], {}, { lesson: '04', action: 'check' }],
  ['04 -- solution', ['04', 'solution'], {}, { lesson: '04', action: 'solution' }],
  ['04 --check', ['04'], { npm_config_check: 'true' }, { lesson: '04', action: 'check', mistyped: undefined }],
  ['04 --hint zh', ['04', 'zh'], { npm_config_hint: 'true' }, { lesson: '04', action: 'hint', language: 'zh' }],
  ['--watch 04 (old npm)', [], { npm_config_watch: '04' }, { lesson: '04', action: 'watch' }],
  ['04 --solution', ['04'], { npm_config_solution: 'true' }, { lesson: '04', action: 'solution' }],
  [
    '04 --check --solution',
    ['04'],
    { npm_config_check: 'true', npm_config_solution: 'true' },
    { action: 'check', solution: true },
  ],
  ['-- 04 --reset', ['04', '--reset'], {}, { lesson: '04', action: 'reset', all: false }],
  ['04 --zh', ['04'], { npm_config_zh: 'true' }, { lesson: '04', language: 'zh' }],
  ['-- 04 --zh', ['04', '--zh'], {}, { lesson: '04', language: 'zh' }],
  ['-- reset all', ['reset', 'all'], {}, { lesson: undefined, action: 'reset', all: true, ignored: [] }],
  ['04 -- reset', ['04', 'reset'], {}, { lesson: '04', action: 'reset', all: false }],
  ['04 -- hint zh', ['04', 'hint', 'zh'], {}, { lesson: '04', action: 'hint', language: 'zh' }],
  ['(old npm) --step 04', [], { npm_config_step: '04' }, { lesson: '04', step: true }],
  ['(old npm) 04 --lang zh', ['04'], { npm_config_lang: 'zh' }, { lesson: '04', language: 'zh' }],
];

for (const [typed, argv, env, expected] of cases)
  test(`npm run lesson ${typed}`, () => {
    const options = parseOptions(argv, env);
    for (const [name, value] of Object.entries(expected)) assert.equal(options[name as keyof Options], value, name);
  });

test('a shell that npmrc sets is not --shell', () => {
  for (const shell of ['/bin/bash', 'bash', 'sh'])
    assert.is(parseOptions(['04'], { npm_config_shell: shell }).shell, false, shell);
});

test('the language comes from the locale, in its order; unknown ones mean English', () => {
  assert.is(parseOptions([], { LANG: 'zh_CN.UTF-8' }).language, 'zh');
  assert.is(parseOptions([], { LC_ALL: 'C.UTF-8', LANG: 'zh_CN.UTF-8' }).language, 'en');
  assert.is(parseOptions([], { LC_ALL: 'C.UTF-8', LC_MESSAGES: 'zh_CN.UTF-8' }).language, 'en');
  assert.is(parseOptions([], { LC_MESSAGES: 'zh_CN.UTF-8', LANG: 'en_US.UTF-8' }).language, 'zh');
  assert.is(parseOptions([], { LANG: 'de_DE.UTF-8' }).language, 'en');
  assert.is(parseOptions([], { MINIDOCK_LANG: 'zh' }).language, 'zh');
  assert.is(parseOptions([], { MINIDOCK_LANG: 'en', LANG: 'zh_CN.UTF-8' }).language, 'en');
  assert.is(parseOptions(['en'], { MINIDOCK_LANG: 'zh' }).language, 'en');
});

test('who speaks otherwise than the environment is told how to stay with it', () => {
  assert.is(wayToStay('zh', { LANG: 'C' }), 'export MINIDOCK_LANG=zh');
  assert.is(wayToStay('en', { LANG: 'zh_CN.UTF-8' }), 'export MINIDOCK_LANG=en');
  for (const env of [{ LANG: 'zh_CN.UTF-8' }, { LANG: 'C', MINIDOCK_LANG: 'zh' }])
    assert.is(wayToStay('zh', env), undefined);
});

test('a typing error in an action or a flag is named, with what it is near to', () => {
  assert.equal(parseOptions(['04', 'chek'], {}).mistyped, { word: 'chek', meant: 'check' });
  assert.equal(parseOptions(['04', '--stpe'], {}).mistyped, { word: '--stpe', meant: '--step' });
  assert.equal(parseOptions(['04'], { npm_config_chekc: 'true' }).mistyped, { word: '--chekc', meant: '--check' });
  const npms = { npm_config_cache: '/x', npm_config_prefix: '/', npm_config_shell: '', npm_config_yes: 'true' };
  assert.is(parseOptions(['04', 'junk'], npms).mistyped, undefined);
});

test('what is left over is named and harmless', () => {
  const options = parseOptions(['04', 'junk', '--what'], {});
  assert.is(options.lesson, '04');
  assert.equal(options.ignored, ['junk', '--what']);
});

test.run();
