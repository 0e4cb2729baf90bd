import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chainIds } from '../storage/chain.ts';
import { madeFrom } from './ancestry.ts';
import type { ImageRecord } from './store.ts';

const image = (name: string, diffIds: string[], parent?: string) =>
  ({ id: `sha256:${name}`, repoTags: [name], diffIds, parent: parent && `sha256:${parent}` }) as unknown as ImageRecord;

const all = [
  image('base', ['a']),
  image('twin', ['a']),
  image('labelled', ['a'], 'base'),
  image('built', ['a', 'b'], 'labelled'),
  image('pulled', ['a', 'c']),
  image('other', ['x', 'y']),
  image('empty', []),
];

test('containers of an image, of its children and theirs, and of images with more on top of its layers', () => {
  const made = (reference: string) => {
    const isMade = madeFrom(all.find(({ repoTags }) => repoTags.includes(reference))!, all);
    return all
      .filter(({ id, diffIds }) => isMade({ imageId: id, layers: chainIds(diffIds) }))
      .map(({ repoTags }) => repoTags[0]);
  };
  assert.equal(made('base'), ['base', 'labelled', 'built', 'pulled']);
  assert.equal(made('twin'), ['twin', 'built', 'pulled']);
  assert.equal(made('labelled'), ['labelled', 'built', 'pulled']);
  assert.equal(made('pulled'), ['pulled']);
  assert.equal(made('empty'), ['empty']);
});

test.run();
