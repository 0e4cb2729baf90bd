import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Digest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { parseReference } from '../oci/reference.ts';
import { formerOwners, idOf, type NewImage, repoDigestOf, tagOf, withImages } from './entries.ts';

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;

/** Image `digit`, under a name and, where there is one, a digest that a registry served it by. */
function image(digit: string, name?: string, served?: string): NewImage {
  const manifest = { mediaType: 'm', digest: digest(digit), size: 1 };
  const reference = name === undefined ? undefined : parseReference(name);
  const withDigest = reference && (served === undefined ? reference : { ...reference, digest: digest(served) });
  return { manifest, id: digest(digit), size: 0, ...(withDigest && { name: withDigest }) };
}

const short = (entries: readonly Descriptor[]) =>
  entries.map(entry =>
    [idOf(entry)?.[7], tagOf(entry)?.split('/').at(-1), repoDigestOf(entry)?.slice(-1)]
      .filter(text => text !== undefined)
      .join(' '),
  );

test('a name moves to the image that is added; what loses its name stays; nothing is said twice', () => {
  const first = withImages([], [image('1', 'app:1', 'a'), image('2', 'app:2')]);
  assert.equal(short(first), ['1 app:1 a', '2 app:2']);
  assert.equal(short(withImages(first, [image('3', 'app:1')])), ['1 a', '2 app:2', '3 app:1']);
  assert.equal(short(withImages(first, [image('1', 'app:1', 'a')])), ['2 app:2', '1 app:1 a']);
  assert.equal(short(withImages(first, [image('2')])), ['1 app:1 a', '2 app:2', '2']);
  assert.equal(short(withImages(withImages([], [image('2')]), [image('2', 'app:1')])), ['2 app:1']);
});

test('of images added at once the later one has the name, and each is told whose it was', () => {
  const before = withImages([], [image('1', 'app:1')]);
  const added = [image('2', 'app:1'), image('3', 'app:1'), image('3', 'app:1'), image('3', 'app:2'), image('4')];
  assert.equal(
    formerOwners(before, added).map(id => id?.[7]),
    ['1', '2', undefined, undefined, undefined],
  );
  assert.equal(short(withImages(before, added)), ['1', '2', '3 app:1', '3 app:2', '4']);
});

test.run();
