/** The page without its content, which the script fills in. `data-say` is a word of words.ts. */
export const markup = `<header>
  <h1 data-say="title"></h1>
  <nav>
    <button id="language" type="button" data-say="language"></button>
    <button id="theme" type="button" data-label="theme">◐</button>
  </nav>
</header>
<main>
  <svg id="scene" role="img" aria-labelledby="caption" preserveAspectRatio="xMidYMid meet"></svg>
  <div id="controls">
    <button id="previous" type="button" data-label="previous">|◀</button>
    <button id="back" type="button" data-label="back">‹</button>
    <button id="play" type="button" data-label="play">▶</button>
    <button id="step" type="button" data-label="step">›</button>
    <button id="next" type="button" data-label="next">▶|</button>
    <strong id="what"></strong>
    <small data-say="keys"></small>
  </div>
  <div id="caption" aria-live="polite"></div>
  <div id="tables">
    <div class="scroll"><table id="list"><thead><tr>
      <th>#</th><th data-say="seconds"></th><th data-say="packet"></th><th data-say="rewritten"></th>
    </tr></thead><tbody></tbody></table></div>
    <div class="scroll"><table id="way"><thead><tr>
      <th data-say="point"></th><th data-say="from"></th><th data-say="to"></th><th data-say="took"></th><th data-say="ttl"></th>
    </tr></thead><tbody></tbody></table></div>
  </div>
</main>`;
