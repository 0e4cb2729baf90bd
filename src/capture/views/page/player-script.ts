/** The page's script, second part: which packet is shown at which moment, and what is said of it. */
export const playerScript = String.raw`
const find = id => document.getElementById(id);
const given = new URLSearchParams(location.hash.slice(1));
const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
let language = given.get('lang') || (navigator.language.startsWith('zh') ? 'zh' : 'en');
let theme = given.get('theme') || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
let chosen = Math.max(0, data.walks.findIndex(walk => String(walk.number) === given.get('packet')));
/** In legs; with a fraction where the packet is between two stops. */
let progress = Number(given.get('at')) || 0;
let playing = false;
let before;

const say = (key, values) => data.words[key][language].replace(/\{(\w+)\}/g, (_, name) => values[name]);
const element = (name, text, look) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (look) made.className = look;
  return made;
};

function show() {
  const walk = data.walks[chosen];
  const state = draw(say, walk, progress);
  find('what').textContent = walk === undefined ? say('none') : '#' + walk.number + '  ' + walk.words;
  find('play').textContent = playing ? '❚❚' : '▶';
  find('play').setAttribute('aria-label', say(playing ? 'pause' : 'play'));
  find('play').title = say(playing ? 'pause' : 'play');
  if (walk !== undefined) caption(walk, state);
  for (const row of find('way').tBodies[0].rows)
    row.classList.toggle('chosen', state.stop !== undefined && String(state.stop.at) === row.dataset.at);
}

function caption(walk, { stop, leg, part, legs }) {
  const lines = [];
  let look = '';
  // On its way, and at the stop behind: what was done to it stays to be read.
  const last = stop !== undefined && leg !== undefined && part === 0 ? legs[legs.indexOf(leg) - 1] : leg;
  const rewrites = last !== undefined && (part > 0 || last !== leg) ? last.rewrites : [];
  if (stop !== undefined && stop.outside) lines.push(element('div', say('wire')));
  else if (stop !== undefined) lines.push(element('div', say(stop.point === undefined ? 'own' : 'sees', stop)));
  for (const rewrite of rewrites) {
    look = look || family(rewrite.kind);
    const changed = element('div', say('change', { ...rewrite, field: say(rewrite.field) }), family(rewrite.kind));
    lines.push(changed);
    if (rewrite.rule) {
      changed.append(' ', say('rule', { chains: rewrite.chains }));
      lines.push(element('code', rewrite.rule));
    } else lines.push(element('div', say(rewrite.kind.startsWith('un-') ? 'undone' : 'unruled')));
    if (rewrite.inferred) lines.push(element('div', say('inferred')));
  }
  const over = leg === undefined || (leg === legs[legs.length - 1] && part === 1);
  if (over && walk.end) lines.push(element('div', say(walk.end === 'host' ? 'accepted' : 'unseen')));
  if (over && walk.end === 'unseen') look = 'bad';
  find('caption').className = look;
  find('caption').replaceChildren(...lines);
}

function printTime(nanoseconds) {
  if (nanoseconds === undefined || nanoseconds < 0) return '';
  return nanoseconds < 1e6 ? (nanoseconds / 1e3).toFixed(1) + ' µs' : (nanoseconds / 1e6).toFixed(1) + ' ms';
}

function choose(index) {
  chosen = Math.min(Math.max(index, 0), data.walks.length - 1);
  progress = 0;
  fillWay();
}

function fillWay() {
  const walk = data.walks[chosen];
  for (const row of find('list').tBodies[0].rows) row.classList.toggle('chosen', row.dataset.index === String(chosen));
  const row = find('list').tBodies[0].rows[chosen];
  if (row && row.scrollIntoView) row.scrollIntoView({ block: 'nearest' });
  if (walk === undefined) return;
  find('way').tBodies[0].replaceChildren(...walk.stops.map((stop, at) => {
    const line = element('tr');
    line.dataset.at = String(at);
    const stretch = walk.stretches[at - 1];
    const changed = field => stretch && stretch.rewrites.find(rewrite => rewrite.field === field);
    const look = field => (changed(field) ? family(changed(field).kind) : '');
    line.append(element('td', stop.name), element('td', stop.from, look('source')), element('td', stop.to, look('destination')),
      element('td', stretch ? printTime(stretch.nanoseconds) : ''), element('td', stop.ttl === undefined ? '' : String(stop.ttl)));
    return line;
  }));
}

function fillList() {
  find('list').tBodies[0].replaceChildren(...data.walks.map((walk, index) => {
    const row = element('tr');
    row.dataset.index = String(index);
    const kinds = [...new Set(walk.stretches.flatMap(stretch => stretch.rewrites.map(rewrite => rewrite.kind)))];
    const last = element('td');
    for (const kind of kinds) last.append(element('span', kind, 'chip ' + family(kind)));
    if (walk.end === 'unseen') last.append(element('span', '✗'));
    row.append(element('td', String(walk.number)), element('td', walk.time), element('td', (walk.leftward ? '← ' : '→ ') + walk.words), last);
    row.addEventListener('click', () => { choose(index); show(); });
    return row;
  }));
}

function speak() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.documentElement.dataset.theme = theme;
  document.title = say('title');
  for (const one of document.querySelectorAll('[data-say]')) one.textContent = say(one.dataset.say);
  for (const one of document.querySelectorAll('[data-label]')) {
    one.title = say(one.dataset.label);
    one.setAttribute('aria-label', say(one.dataset.label));
  }
}

const legCount = () => (data.walks[chosen] === undefined ? 0 : legsOf(data.walks[chosen]).legs.length);

/** To the next stop, and by way of the middle of a leg where an address changes. */
function step(direction) {
  playing = false;
  const { legs } = legsOf(data.walks[chosen]);
  const stops = legs.flatMap((leg, at) => (leg.rewrites.length > 0 ? [at, at + 0.5] : [at])).concat(legs.length);
  const wanted = direction > 0 ? stops.find(one => one > progress + 0.01) : stops.reverse().find(one => one < progress - 0.01);
  if (wanted !== undefined) progress = wanted;
  show();
}

function tick(now) {
  if (!playing) return;
  const passed = Math.min(100, before === undefined ? 0 : now - before);
  before = now;
  const walk = data.walks[chosen];
  const { legs } = legsOf(walk);
  const leg = legs[Math.min(Math.floor(progress), legs.length - 1)];
  const slow = leg !== undefined && leg.rewrites.length > 0;
  progress += passed / (slow ? 3600 : 1100);
  if (progress >= legs.length) {
    progress = legs.length;
    if (passed > 0 && rest(now)) {
      if (chosen < data.walks.length - 1) choose(chosen + 1);
      else playing = false;
    }
  }
  show();
  if (playing) requestAnimationFrame(tick);
}

/** A moment at the end of the way, before the next packet begins. */
let arrived;
function rest(now) {
  arrived = arrived === undefined ? now : arrived;
  const over = now - arrived > 700;
  if (over) arrived = undefined;
  return over;
}

function play() {
  if (data.walks.length === 0) return;
  playing = !playing;
  before = undefined;
  if (playing && progress >= legCount()) choose(progress > 0 && chosen < data.walks.length - 1 ? chosen + 1 : progress > 0 ? 0 : chosen);
  show();
  if (playing) requestAnimationFrame(tick);
}

const go = by => { choose(chosen + by); show(); };
find('play').addEventListener('click', play);
find('step').addEventListener('click', () => step(1));
find('back').addEventListener('click', () => step(-1));
find('next').addEventListener('click', () => go(1));
find('previous').addEventListener('click', () => go(-1));
find('language').addEventListener('click', () => { language = language === 'zh' ? 'en' : 'zh'; speak(); show(); });
find('theme').addEventListener('click', () => { theme = theme === 'dark' ? 'light' : 'dark'; speak(); });
document.addEventListener('keydown', event => {
  const keys = { ' ': play, ArrowRight: () => step(1), ArrowLeft: () => step(-1), ArrowDown: () => go(1), ArrowUp: () => go(-1) };
  if (event.altKey || event.ctrlKey || event.metaKey || keys[event.key] === undefined) return;
  event.preventDefault();
  keys[event.key]();
});
speak();
fillList();
fillWay();
show();
if (!still && !given.has('at') && data.walks.length > 0) play();
`;
