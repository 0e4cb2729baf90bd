import type { Xray } from '../../model.ts';
import type { Interface, NetworkSeen } from '../../network-model.ts';
import type { Canvas } from './canvas.ts';
import { capped, drawHead, drawPanel, heightOf, middleOf, more, type Panel } from './panel.ts';
import type { Panels } from './panels.ts';
import { container, first, gap, left, most } from './places.ts';
import { bridgePanel, interfacePanel, peerLabel, publishedRow, relayedRows, socketRow, type Target } from './wires.ts';

/** Ports and bridges at the left, sockets and interfaces at the right, each beside what it leads to. */
export function drawNetwork(canvas: Canvas, xray: Xray, panels: Panels, y: number): [inside: number, left: number] {
  const network = xray.network!;
  const all = network.interfaces.filter(({ name }) => name !== 'lo');
  const wires = all.slice(0, most.cables);
  const frame = panels.namespaceTitle('net');
  const x = first.x + 14;
  const w = first.w - 28;
  let at = y + 44;
  let leftAt = at;
  const portsBelow = drawPorts(canvas, xray, panels, x, at, w);
  if (portsBelow > at) at = leftAt = portsBelow + gap;
  for (const wire of wires) {
    const bottom = drawCable(canvas, wire, network, panels, x, at, w);
    at = bottom + gap;
    leftAt = at;
  }
  const beside = all.length - wires.length;
  const lo = network.interfaces.find(({ name }) => name === 'lo');
  const lines = [
    ...(beside > 0 ? [panels.say({ en: `… ${beside} more interfaces`, zh: `……另有 ${beside} 个接口` })] : []),
    ...(all.length === 0
      ? [panels.say({ en: 'no cable: nothing leads in or out', zh: '没有网线：不通向任何地方' })]
      : []),
    ...(lo === undefined ? [] : [`lo  ${lo.addresses.join(' ') || panels.say({ en: 'no address', zh: '没有地址' })}`]),
  ];
  for (const line of lines) {
    canvas.text(line, x + 4, at, w - 8, { dim: true });
    at += 26;
  }
  canvas.behind({ x: first.x, y, w: first.w, h: at + 6 - y }, 'kernel', {});
  drawHead(canvas, { tone: 'kernel', ...frame }, first.x, y, first.w);
  return [at + 6 + gap, leftAt - gap];
}

/** Published ports at the left, sockets at the right, an arrow for each rule; returns the y below. */
function drawPorts(canvas: Canvas, xray: Xray, panels: Panels, x: number, y: number, w: number): number {
  const { say } = panels;
  const targets = targetsOf(xray);
  // In the order of what they lead to, so that arrows do not cross.
  const published = xray.sockets!.published.toSorted(
    (a, b) => targetIndex(targets, a) - targetIndex(targets, b) || a.hostPort - b.hostPort,
  );
  const rows = [...published.map(port => publishedRow(port, xray.sockets!, say)), ...relayedRows(xray.sockets!, say)];
  const sockets: Panel = {
    tone: 'process',
    title: say({ en: 'listens', zh: '监听' }),
    rows: capped(
      targets.map(target => socketRow(target, say)),
      most.ports,
      more(say),
    ),
  };
  const ports: Panel = {
    tone: 'danger',
    title: say({ en: 'published ports', zh: '发布的端口' }),
    note: say({ en: 'DNAT, connections', zh: 'DNAT，连接数' }),
    rows: capped(rows, most.ports, more(say)),
  };
  if (targets.length > 0) drawPanel(canvas, sockets, x, y, w);
  if (rows.length > 0) drawPanel(canvas, ports, left.x, y, left.w);
  const shown = (index: number, count: number) =>
    index >= 0 && index < (count > most.ports ? most.ports - 1 : most.ports);
  for (const [i, port] of published.entries()) {
    const target = targetIndex(targets, port);
    if (!shown(i, rows.length) || !shown(target, targets.length)) continue;
    const lane = left.x + left.w + 40 + i * 10;
    const [from, to] = [middleOf(y, i), middleOf(y, target)];
    const bend: [number, number][] =
      from === to
        ? []
        : [
            [lane, from],
            [lane, to],
          ];
    canvas.way([[left.x + left.w, from], ...bend, [x - 3, to]], 'arrow', true);
  }
  return Math.max(targets.length > 0 ? y + heightOf(sockets) : y, rows.length > 0 ? y + heightOf(ports) : y);
}

/** One interface of the container, its cable, and the bridge that the cable is plugged into. */
function drawCable(
  canvas: Canvas,
  wire: Interface,
  network: NetworkSeen,
  panels: Panels,
  x: number,
  y: number,
  w: number,
): number {
  const panel = interfacePanel(wire, network, panels.say);
  if (wire.peer === undefined) return drawPanel(canvas, panel, x, y, w);
  const bridge = network.bridges.find(({ name }) => name === wire.peer?.bridge);
  const plugged = bridge && bridgePanel(bridge, wire, panels.say);
  const port = 40;
  const portTop = plugged === undefined ? y + 40 : y + heightOf(plugged) - 4;
  const height = Math.max(heightOf(panel), portTop + port + 10 - y);
  drawPanel(canvas, panel, x, y, w, height);
  if (plugged !== undefined) drawPanel(canvas, plugged, left.x, y, left.w, height);
  const { name, note } = peerLabel(wire);
  const end = { x: left.x + left.w - 300, y: portTop, w: 300, h: port };
  canvas.rect(end, 'process', { rx: 6 });
  const taken = canvas.text(note, end.x + end.w - 20, portTop + 11, 150, { size: 15, dim: true, right: true });
  canvas.text(name, end.x + 14, portTop + 9, end.w - 48 - taken, { strong: true, code: true });
  const across = portTop + port / 2;
  canvas.way(
    [
      [left.x + left.w, across],
      [x, across],
    ],
    'cable',
  );
  canvas.plug(left.x + left.w, across);
  canvas.plug(x, across);
  const label = panels.say({ en: 'veth pair', zh: 'veth 网线' });
  canvas.text(label, left.x + left.w + 22, across - 32, 116, { strong: true, tone: 'network' });
  return y + height;
}

/** The container lives in the network of the host: no frame of its own, a dashed line leads there. */
export function drawHostNetwork(canvas: Canvas, xray: Xray, panels: Panels, y: number): number {
  const { interfaces } = xray.network!;
  const { title, note } = panels.namespaceTitle('net');
  const known = interfaces.toSorted((a, b) => Number(b.addresses.length > 0) - Number(a.addresses.length > 0));
  const rows = known.slice(0, 6).map(({ name, addresses }) => ({
    left: [
      { text: name, strong: true, code: true, width: 150 },
      { text: addresses.join(' ') || '–', code: true, size: 15 },
    ],
  }));
  const rest = interfaces.length - rows.length;
  const listening = targetsOf(xray).map(target => socketRow(target, panels.say));
  const panel: Panel = {
    tone: 'network',
    title: panels.say({ en: `${title} of the host`, zh: `宿主机的${title}` }),
    note,
    rows: [
      ...rows,
      ...(rest > 0 ? [panels.say({ en: `… ${rest} more interfaces`, zh: `……另有 ${rest} 个接口` })] : []),
      ...capped(listening, most.ports, more(panels.say)),
    ],
  };
  const bottom = drawPanel(canvas, panel, left.x, y, left.w);
  const line = middleOf(y, 0) - 36;
  canvas.way(
    [
      [container.x, line],
      [left.x + left.w + 3, line],
    ],
    'link',
    true,
  );
  canvas.text(panels.say({ en: 'is in it', zh: '就在其中' }), left.x + left.w + 22, line - 28, 120, {
    strong: true,
    tone: 'network',
  });
  return bottom;
}

const targetIndex = (targets: readonly Target[], { port, protocol }: { port: number; protocol: string }) =>
  targets.findIndex(one => one.port === port && one.protocol.replace('6', '') === protocol);

/** Sockets that listen, each port once, and after them those that are published and that nobody listens at. */
function targetsOf({ sockets, network }: Xray): Target[] {
  const found: Target[] = [];
  const add = (one: Target) => {
    const same = (other: Target) =>
      other.port === one.port && other.protocol.replace('6', '') === one.protocol.replace('6', '');
    if (!found.some(same)) found.push(one);
  };
  for (const socket of sockets?.listening ?? []) add({ ...socket, listens: true });
  if (!network?.host)
    for (const { address, port, protocol } of sockets?.published ?? [])
      add({ address, port, protocol, listens: false });
  return found.sort((a, b) => a.port - b.port);
}
