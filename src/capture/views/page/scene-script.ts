/**
 * The page's script, first part: the picture. It knows where each point stands and what lies between two of them, and draws one
 * moment of one packet: a function of the walk and of how far it has come.
 */
export const sceneScript = `
const data = JSON.parse(document.getElementById('data').textContent);
const scene = document.getElementById('scene');
const width = 1240;
const column = { outside: 80, host: 300, gate: 452, bridge: 590, veth: 800, container: 1075 };

function svg(name, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key of Object.keys(attributes)) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Where things stand. Interfaces of the host that no packet passed are left out. */
const layout = (() => {
  const used = new Set(data.walks.flatMap(walk => walk.stops.map(stop => stop.point)));
  const shown = data.points.map((point, index) => ({ ...point, index })).filter(one => one.role !== 'host' || used.has(one.index));
  const group = role => shown.filter(one => one.role === role);
  const containers = [...new Set(group('container').map(one => one.container))];
  const processes = data.walks.some(walk => walk.stops.some(stop => stop.point === undefined));
  const left = group('host').length + (processes ? 1 : 0);
  const height = 130 + 130 * Math.max(1.5, left, group('container').length, group('bridge').length);
  const spread = (count, at) => 70 + ((height - 100) * (at + 0.5)) / count;
  const places = new Map();
  group('host').forEach((one, at) => places.set(one.index, { x: column.host, y: spread(left, at) }));
  const insides = [...group('container')].sort((a, b) => containers.indexOf(a.container) - containers.indexOf(b.container));
  insides.forEach((one, at) => places.set(one.index, { x: column.container, y: spread(insides.length, at) }));
  const veths = group('veth');
  veths.forEach((one, at) => {
    const peers = insides.filter(inside => inside.container === one.container);
    const peer = peers[veths.filter((other, before) => other.container === one.container && before < at).length];
    places.set(one.index, { x: column.veth, y: peer ? places.get(peer.index).y : spread(veths.length, at) });
  });
  group('bridge').forEach((one, at) => places.set(one.index, { x: column.bridge, y: spread(group('bridge').length, at) }));
  const middle = spread(1, 0);
  const process = { x: column.host, y: spread(left || 1, Math.max(0, left - 1)) };
  const gate = { x: column.gate, y: middle };
  const outside = { x: column.outside, y: group('host').filter(one => one.interface !== 'lo').map(one => places.get(one.index).y)[0] || middle };
  return { shown, group, containers, processes, height, places, middle, process, gate, outside };
})();

/**
 * The line from one stop to the next. What goes between the outside of the host and its bridges passes netfilter, and so does
 * what is translated on its way back through a bridge; a bridge stands between two of its ports.
 */
function between(a, b, turns) {
  const [left, right] = a.x < b.x ? [a, b] : [b, a];
  if (left.x === column.host && right.x >= column.bridge) return [a, layout.gate, b];
  if (turns) return [a, layout.gate, a, b];
  const bridge = layout.group('bridge')[0];
  if (a.x === column.veth && b.x === column.veth && bridge) return [a, layout.places.get(bridge.index), b];
  return [a, b];
}

/** Stops of a walk with their places; the outside, which no point sees, before the first or behind the last. */
function legsOf(walk) {
  const stops = walk.stops.map((stop, at) => ({ ...stop, at, place: stop.point === undefined ? layout.process : layout.places.get(stop.point) }));
  const leadsOut = stop => stop.point !== undefined && data.points[stop.point].role === 'host' && data.points[stop.point].interface !== 'lo';
  const [first, last] = [stops[0], stops[stops.length - 1]];
  if (leadsOut(first)) stops.unshift({ ...first, at: -1, point: undefined, outside: true, place: { x: layout.outside.x, y: first.place.y } });
  if (leadsOut(last) && stops.length > 1 && last !== first)
    stops.push({ ...last, at: -1, point: undefined, outside: true, place: { x: layout.outside.x, y: last.place.y } });
  const legs = stops.slice(1).map((stop, at) => {
    const stretch = stop.at > 0 && stops[at].at >= 0 ? walk.stretches[stop.at - 1] : { rewrites: [] };
    const from = stops[at].place;
    const turns = from.x === column.bridge && stop.place.x === column.veth && at > 0 && stops[at - 1].place.x === column.veth;
    const line = between(from, stop.place, turns && stretch.rewrites.length > 0);
    return { from: stops[at], to: stop, line, rewrites: stretch.rewrites };
  });
  return { stops, legs };
}

/** A point of a broken line, by the part of its length; with the part of the line before it. */
function along(line, part) {
  const lengths = line.slice(1).map((point, at) => Math.hypot(point.x - line[at].x, point.y - line[at].y));
  let rest = part * lengths.reduce((sum, one) => sum + one, 0);
  const behind = [line[0]];
  for (let at = 0; at < lengths.length; at++) {
    const share = lengths[at] === 0 ? 1 : Math.min(1, rest / lengths[at]);
    const point = { x: line[at].x + (line[at + 1].x - line[at].x) * share, y: line[at].y + (line[at + 1].y - line[at].y) * share };
    behind.push(point);
    if (rest <= lengths[at]) return { point, behind };
    rest -= lengths[at];
  }
  return { point: line[line.length - 1], behind: line };
}

const path = line => 'M' + line.map(({ x, y }) => x.toFixed(1) + ' ' + y.toFixed(1)).join(' L');
const family = kind => (kind.includes('DNAT') ? 'DNAT' : 'SNAT');

/** Draws the picture and, where there is a walk, its packet. Says at which stop or on which leg it is. */
function draw(say, walk, progress) {
  scene.replaceChildren();
  scene.setAttribute('viewBox', '0 0 ' + width + ' ' + layout.height);
  const add = (...given) => scene.appendChild(svg(...given));
  const box = (place, wide, high, kind, lines) => {
    add('rect', { x: place.x - wide / 2, y: place.y - high / 2, width: wide, height: high, rx: 10, class: 'box ' + kind });
    lines.forEach(([text, look], at) => add('text', { x: place.x, y: place.y + 6 + (at - (lines.length - 1) / 2) * 21, class: look || '' }, text));
  };
  const hosts = layout.group('host');
  add('rect', { x: 195, y: 40, width: 705, height: layout.height - 60, rx: 16, class: 'box host' });
  // Below, where no packet's addresses pass over it.
  add('text', { x: 216, y: layout.height - 38, class: 'soft', style: 'text-anchor:start' }, say('host'));
  layout.containers.forEach(name => {
    const own = layout.group('container').filter(one => one.container === name).map(one => layout.places.get(one.index).y);
    const [top, bottom] = [Math.min(...own) - 62, Math.max(...own) + 50];
    add('rect', { x: 955, y: top, width: 240, height: bottom - top, rx: 16, class: 'box guest' });
    add('text', { x: 1075, y: top + 24, class: 'soft' }, say('container') + ' ' + name);
  });
  const cable = (...line) => add('path', { d: path(line), class: 'cable' });
  for (const one of hosts) {
    const place = layout.places.get(one.index);
    if (one.interface !== 'lo') cable({ x: column.outside, y: place.y }, place);
    cable(place, layout.gate);
  }
  if (layout.processes) cable(layout.process, layout.gate);
  for (const bridge of layout.group('bridge')) {
    cable(layout.gate, layout.places.get(bridge.index));
    for (const veth of layout.group('veth')) cable(layout.places.get(bridge.index), layout.places.get(veth.index));
  }
  for (const veth of layout.group('veth')) {
    const { y } = layout.places.get(veth.index);
    cable({ x: column.veth, y }, { x: column.container, y });
  }

  const { stops, legs } = walk === undefined ? { stops: [], legs: [] } : legsOf(walk);
  const leg = legs[Math.min(Math.floor(progress), legs.length - 1)];
  const part = legs.length === 0 ? 0 : Math.min(progress, legs.length) - legs.indexOf(leg);
  const behind = legs.slice(0, legs.indexOf(leg)).flatMap(one => one.line);
  const moment = leg === undefined ? { point: stops[0] && stops[0].place, behind: [] } : along(leg.line, part);
  if (leg !== undefined && progress > 0) add('path', { d: path([...behind, ...moment.behind]), class: 'trail' });
  const at = part === 0 ? leg && leg.from : part === 1 ? leg.to : undefined;
  const stop = leg === undefined ? stops[0] : at;
  const here = index => (stop && stop.point === index ? ' here' : '');

  if (hosts.some(one => one.interface !== 'lo')) box({ x: column.outside, y: layout.outside.y }, 130, 64, '', [[say('outside'), 'soft']]);
  const changing = leg !== undefined && leg.rewrites.length > 0 && part > 0 && part < 1 && leg.line.includes(layout.gate);
  box(layout.gate, 116, 64, 'gate' + (changing ? ' here' : ''), [[say('netfilter')], ['nat', 'soft']]);
  if (layout.processes) box(layout.process, 170, 56, stop && stop.point === undefined && !stop.outside ? 'here' : '', [[say('process'), 'soft']]);
  for (const one of layout.shown) {
    const place = layout.places.get(one.index);
    const name = one.role === 'host' || one.role === 'container' ? one.interface : one.name;
    const second = one.role === 'bridge' || one.role === 'veth' ? [[say(one.role), 'soft']] : [];
    box(place, one.role === 'host' ? 110 : 136, 56, here(one.index), [[name, 'mono'], ...second]);
  }
  if (stops.length > 0) drawPacket(say, walk, stops, legs, leg, part, moment.point);
  return { stop, leg, part, legs };
}

function drawPacket(say, walk, stops, legs, leg, part, point) {
  const changed = { source: undefined, destination: undefined };
  const until = leg === undefined ? 0 : legs.indexOf(leg) + (part >= 0.5 ? 1 : 0);
  for (const one of legs.slice(0, until)) for (const rewrite of one.rewrites) changed[rewrite.field] = rewrite.kind;
  const shown = leg === undefined ? stops[0] : part >= 0.5 ? leg.to : leg.from;
  const rows = [[say('from'), shown.from, changed.source], [say('to'), shown.to, changed.destination]].filter(row => row[1] !== '');
  const wide = Math.max(200, 62 + 9.2 * Math.max(0, ...rows.map(row => row[1].length)));
  const kinds = leg !== undefined && part > 0 && part < 1 ? [...new Set(leg.rewrites.map(rewrite => rewrite.kind))] : [];
  const high = 12 + 22 * Math.max(1, rows.length);
  const x = Math.min(Math.max(point.x - wide / 2, 4), width - wide - 4);
  const y = point.y - high - 44;
  const group = svg('g', { class: 'packet' });
  // On a box the frame of the box shows where the packet is, and its name stays to be read.
  const places = [...layout.places.values(), layout.gate, layout.process, { x: column.outside, y: point.y }];
  const inside = places.some(place => Math.abs(place.x - point.x) < 72 && Math.abs(place.y - point.y) < 34);
  const foot = { x: point.x, y: point.y - (inside ? 30 : 0) };
  scene.appendChild(svg('path', { d: path([{ x: point.x, y: y + high }, foot]), class: 'trail', style: 'stroke-width:2' }));
  if (!inside) scene.appendChild(svg('circle', { cx: point.x, cy: point.y, r: 9, class: 'dot' }));
  scene.appendChild(group);
  group.appendChild(svg('rect', { x, y, width: wide, height: high, rx: 8, class: 'envelope' }));
  if (rows.length === 0) group.appendChild(svg('text', { x: x + 12, y: y + 22 }, walk.words));
  rows.forEach(([name, address, kind], at) => {
    group.appendChild(svg('text', { x: x + 10, y: y + 23 + 22 * at, class: 'name' }, name));
    group.appendChild(svg('text', { x: x + 52, y: y + 23 + 22 * at, class: 'mono ' + (kind ? family(kind) : '') }, address));
  });
  if (kinds.length > 0) scene.appendChild(svg('text', { x: x + wide / 2, y: y - 10, class: family(kinds[0]), style: 'font-size:22px' }, kinds.join(' + ')));
  const over = leg === undefined || (leg === legs[legs.length - 1] && part === 1);
  if (walk.end === 'unseen' && over) scene.appendChild(svg('text', { x: point.x, y: point.y + 44, class: 'bad' }, '✗'));
}
`;
