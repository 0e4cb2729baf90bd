import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadVerb } from '../load-verb.ts';
import { verbs } from '../verbs.ts';
import { groupHelp, programHelp, verbHelp } from './help.ts';

test('every verb stands once under the heading of what it is about', async () => {
  const found = (await programHelp()).split('\n\n').flatMap(section => {
    const [heading, ...lines] = section.split('\n');
    return lines.flatMap(line => {
      const [, name] = /^ {2}minidock (\S+(?: \S+)*) {2}/.exec(line) ?? [];
      return name === undefined ? [] : [`${heading} ${name}`];
    });
  });
  const headings = {
    container: 'Containers:',
    image: 'Images:',
    registry: 'Registries:',
    network: 'Networks:',
    volume: 'Volumes:',
    engine: 'The engine and this machine:',
  };
  assert.equal(
    found,
    Object.entries(verbs).map(([name, { group }]) => `${headings[group]} ${name}`),
  );
});

test('the verbs of the help are those that there is code for', () => {
  const source = readFileSync(new URL('../load-verb.ts', import.meta.url), 'utf8');
  assert.equal(
    [...source.matchAll(/case '(.+)':/g)].map(([, name]) => name),
    Object.keys(verbs),
  );
  assert.is(loadVerb('constructor'), undefined);
});

test('a group shows a verb by the first of its names, and inspect is about what the group is of', async () => {
  const help = await groupHelp('network');
  assert.match(help, /^ {2}minidock network ls +List networks$/m);
  assert.not.match(help, /network list/);
  assert.match(help, /^ {2}minidock network inspect +Show all that is known about networks$/m);
});

test('a space is between a flag’s text and its type, also where the line is full', async () => {
  for (const [name, { summary }] of Object.entries(verbs)) {
    const { verb } = await loadVerb(name)!;
    for (const columns of [80, 81, 100]) {
      const lines = (await verbHelp(name, summary, verb, columns)).split('\n');
      assert.equal(
        lines.filter(line => /[^ ]\[(?:array|boolean|number|string)\]$/.test(line)),
        [],
        `${name} at ${columns}`,
      );
    }
  }
});

test.run();
