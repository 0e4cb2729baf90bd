import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { methods, type Place } from '../../methods.ts';
import { findCall } from './find-call.ts';

test('every method of the engine has a place that no other has', () => {
  for (const [noun, of] of Object.entries(methods))
    for (const [method, place] of Object.entries(of as Record<string, Place>)) {
      const words = place.path
        .split('{}')
        .slice(1)
        .map((_, at) => `a/b ${at}`);
      let next = 0;
      const path = place.path.replaceAll('{}', () => encodeURIComponent(words[next++]!));
      for (const url of [path, `/v1.41${path}?arguments=[]`]) {
        const call = findCall(place.verb, url);
        assert.equal([call.noun, call.method, call.words], [noun, method, words]);
      }
    }
});

test('what has no place is not found', () => {
  for (const [verb, path] of [
    ['GET', '/nowhere'],
    ['PATCH', '/info'],
    ['GET', '/containers/a/b/json'],
  ] as const)
    assert.throws(() => findCall(verb, path), /page not found/);
  assert.throws(() => findCall('GET', '/networks/%E0%A4%A'), /not encoded/);
});

test.run();
