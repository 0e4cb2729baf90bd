import { Script } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Point, Walk } from '../../model.ts';
import { decode } from '../../packet/decode.ts';
import { tcpPacket } from '../../testing/packets.ts';
import { markup } from './markup.ts';
import { renderPage } from './page.ts';
import { playerScript } from './player-script.ts';
import { sceneScript } from './scene-script.ts';
import { words } from './words.ts';

const points: Point[] = [{ role: 'veth', interface: 'veth1', name: 'veth1', container: 'web' }];
const hostile = 'GET /</script><script>alert(1)</script><!-- HTTP/1.1\r\n';
const bytes = tcpPacket({
  source: '198.18.0.2',
  destination: '172.18.0.2',
  sourcePort: 1,
  destinationPort: 80,
  flags: 24,
  payload: hostile,
});
const visit = { frame: { point: 0, time: 1n, length: bytes.length, bytes }, packet: decode(1, bytes) };
const walk: Walk = { number: 1, visits: [visit], rewrites: [], heading: 'in', conversation: 1 };

test('a page is one file that asks nobody for anything, and its script is JavaScript', () => {
  const page = renderPage({ points, walks: [walk] });
  assert.match(page, /Content-Security-Policy" content="default-src 'none'/);
  assert.not.match(page, /\b(?:src|href|url|import)\s*[=(]\s*["']?(?:https?:|\/\/)/);
  const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text!);
  assert.is(scripts.length, 1);
  new Script(scripts[0]!);
});

test('what a packet carries is data: it ends no element', () => {
  const page = renderPage({ points, walks: [walk] });
  assert.is(page.match(/<\/script>/g)?.length, 2, 'the data and the script');
  const [, json] = /<script id="data" type="application\/json">([\s\S]*?)<\/script>/.exec(page)!;
  assert.match(JSON.parse(json!).walks[0].words, /GET \/<\/script><script>alert/);
});

test('every word that the page says is there in both languages, and none too many', () => {
  const said = [
    ...markup.matchAll(/data-(?:say|label)="(\w+)"/g),
    ...`${sceneScript}${playerScript}`.matchAll(/'(\w+)'/g),
  ];
  const known = new Set(said.map(([, key]) => key!));
  for (const [key, text] of Object.entries(words)) {
    assert.ok(known.has(key), `${key} is said nowhere`);
    assert.equal(
      [...text.en.matchAll(/\{\w+\}/g)].map(String).sort(),
      [...text.zh.matchAll(/\{\w+\}/g)].map(String).sort(),
    );
  }
  for (const [, key] of markup.matchAll(/data-(?:say|label)="(\w+)"/g)) assert.ok(key! in words, key);
});

test.run();
