import type { Point, Walk } from '../../model.ts';
import { dataOf } from './data.ts';
import { markup } from './markup.ts';
import { playerScript } from './player-script.ts';
import { sceneScript } from './scene-script.ts';
import { style } from './style.ts';
import { words } from './words.ts';

export interface Page {
  readonly points: readonly Point[];
  readonly walks: readonly Walk[];
}

/**
 * A page that shows walks on a picture of host, bridge, veth and container: one file, which asks no network for anything and is
 * forbidden to. What packets carry comes in as data, and gets into the page as text only.
 */
export function renderPage({ points, walks }: Page): string {
  const data = { ...dataOf(points, walks), words };
  // In a script element nothing ends it but `</script`, and nothing else is special but `<!--`.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${words.title.en}</title>
<style>${style}</style>
</head>
<body>
${markup}
<script id="data" type="application/json">${json}</script>
<script>'use strict';
${sceneScript}
${playerScript}</script>
</body>
</html>
`;
}
