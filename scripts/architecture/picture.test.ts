import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rooms as list } from './rooms.mjs';

/** The picture and the page of the architecture are written by hand: here they are compared with what the gate enforces. */
const checkout = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(checkout, file), 'utf8');
const rooms: readonly (readonly [name: string, what: string])[] = list;

test('docs/architecture.svg shows every room, in order, each left of or above those that it may import from', () => {
  const shown = [...read('docs/architecture.svg').matchAll(/<text class="room" x="(\d+)" y="(\d+)">([^<]+)</g)].map(
    ([, x, y, name]) => ({ name, x: Number(x), y: Number(y) }),
  );
  assert.equal(
    shown.map(({ name }) => name),
    rooms.map(([name]) => name),
  );
  for (const [i, room] of shown.entries()) {
    const next = shown[i + 1];
    if (next) assert.ok(next.y > room.y || (next.y === room.y && next.x > room.x), `${room.name}, ${next.name}`);
  }
});

test('docs/architecture.md lists every room in the same order, with the same words', () => {
  const listed = [...read('docs/architecture.md').matchAll(/^\| \[(\w+)\]\(\.\.\/src\/[^)]+\) +\| (.*?) +\|$/gm)];
  assert.equal(
    listed.map(([, name, what]) => [name, what]),
    rooms,
  );
});

for (const page of ['docs/architecture.md', 'docs/flag-to-kernel.md', 'CONTRIBUTING.md', 'SECURITY.md'])
  test(`${page}: what it links to is there, and a name that it links is in that file`, () => {
    const links = [...read(page).matchAll(/\[(`?)([^\]`]+)`?\]\(([^)#:]+)\)/g)];
    assert.ok(links.length > 0);
    for (const [, code, name, link] of links) {
      const file = join(dirname(page), link!);
      if (link!.endsWith('/')) continue;
      const text = read(file);
      if (code && /^\w+$/.test(name!)) assert.match(text, new RegExp(`\\b${name}\\b`), `${name} in ${file}`);
    }
  });

test.run();
