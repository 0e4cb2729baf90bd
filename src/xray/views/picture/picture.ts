import type { Language, Text } from '../../../syscalls/text/language.ts';
import type { Xray } from '../../model.ts';
import { states } from '../words.ts';
import { Canvas } from './canvas.ts';
import { drawHostNetwork, drawNetwork } from './network.ts';
import { drawHead, drawPanel, drawRows, type Panel } from './panel.ts';
import { Panels } from './panels.ts';
import { container, first, gap, inset, left, margin, most, second, top, width } from './places.ts';
import { firewallPanel } from './wires.ts';

/** The picture that a teacher can project: a file of its own, light or dark as its reader's screen is. */
export function xrayPicture(xray: Xray, language: Language): string {
  const canvas = new Canvas();
  const height = draw(canvas, xray, language);
  const { name } = xray.container;
  const title: Text = { en: `What the kernel holds for container ${name}`, zh: `内核为容器 ${name} 保管着什么` };
  return canvas.svg({
    width,
    height,
    title: title[language],
    summary: summaryOf(xray)[language],
    language: language === 'zh' ? 'zh-CN' : 'en',
  });
}

/** Puts everything on the canvas; returns the picture's height. */
export function draw(canvas: Canvas, xray: Xray, language: Language): number {
  const { container: subject } = xray;
  const panels = new Panels(xray, language);
  canvas.text(subject.name, margin, 22, width - 2 * margin, { size: 36, strong: true });
  const about = [subject.image, subject.id.slice(0, 12), states[subject.state][language]].join('   ');
  canvas.text(about, margin, 72, 1100, { size: 20, dim: true });
  const by = panels.say({ en: 'asked of the kernel by minidock xray', zh: 'minidock xray 向内核询问所得' });
  canvas.text(by, width - margin, 76, 420, { size: 16, dim: true, right: true });
  const start = top + 64;
  const inside = start + 50;
  const bottoms =
    subject.pid === undefined ? [drawRest(canvas, xray, panels, inside)] : drawRunning(canvas, xray, panels, inside);
  const bottom = Math.max(...bottoms);
  const frame = { x: container.x, y: start, w: container.w, h: bottom + 20 - start };
  const host = { x: margin, y: top, w: width - 2 * margin, h: frame.y + frame.h + inset - top };
  return finish(canvas, xray, panels, host, frame);
}

/** The frames come last, when it is known how far they reach; `Canvas` puts them behind all else. */
function finish(canvas: Canvas, xray: Xray, panels: Panels, host: Box, frame: Box): number {
  const runs = xray.container.pid !== undefined;
  canvas.behind(frame, 'container', { dashed: !runs, rx: 16 });
  canvas.behind(host, 'host', { rx: 18 });
  drawHead(
    canvas,
    { tone: 'host', title: panels.say({ en: 'the host', zh: '宿主机' }) },
    host.x + 4,
    host.y + 2,
    400,
    24,
  );
  const title = panels.say({ en: `container ${xray.container.name}`, zh: `容器 ${xray.container.name}` });
  drawHead(canvas, { tone: 'container', title }, frame.x + 4, frame.y + 2, frame.w, 24);
  let bottom = host.y + host.h;
  if (xray.differences.length > 0) {
    const panel: Panel = {
      tone: 'danger',
      title: panels.say({ en: 'the records of minidock say something else', zh: 'minidock 的记录与内核不一致' }),
      rows: xray.differences.slice(0, 4).map(({ what, kernel, record }) => ({
        left: [what, { text: panels.say({ en: `kernel: ${kernel}`, zh: `内核：${kernel}` }), strong: true }],
        right: panels.say({ en: `record: ${record}`, zh: `记录：${record}` }),
      })),
    };
    bottom = drawPanel(canvas, panel, margin, bottom + gap, width - 2 * margin);
  }
  return bottom + margin;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Of one that does not run: its layers, and that there is nothing else. */
function drawRest(canvas: Canvas, xray: Xray, panels: Panels, y: number): number {
  const note: Panel = {
    tone: 'plain',
    dashed: true,
    title: panels.say({ en: 'it does not run', zh: '它没有运行' }),
    rows: [
      panels.say({ en: 'no process, so no namespace,', zh: '没有进程，也就没有命名空间、' }),
      panels.say({ en: 'no cgroup and no cable', zh: '没有控制组，没有网线' }),
      panels.say({ en: 'its files are what is left', zh: '留下的是它的文件' }),
    ],
  };
  const bottom = drawPanel(canvas, note, first.x, y, first.w);
  return Math.max(bottom, drawLayers(canvas, xray, panels, y, false));
}

function drawRunning(canvas: Canvas, xray: Xray, panels: Panels, y: number): number[] {
  const network = xray.network!;
  drawSupervisor(canvas, xray, panels, y);
  let [below, leftBelow] = network.host
    ? [y, drawHostNetwork(canvas, xray, panels, y + 44)]
    : drawNetwork(canvas, xray, panels, y);
  for (const panel of [network.host ? undefined : firewallPanel(xray.rules!, 5, panels.say), panels.cgroup()])
    if (panel !== undefined) leftBelow = drawPanel(canvas, panel, left.x, leftBelow + gap, left.w);
  for (const panel of [panels.rights(), panels.sharedWithHost()])
    if (panel !== undefined) below = drawPanel(canvas, panel, first.x, below, first.w) + gap;
  let right = drawPanel(canvas, panels.processes(most.processes), second.x, y, second.w) + gap;
  right = drawLayers(canvas, xray, panels, right, true) + gap;
  const others = panels.otherNamespaces();
  if (others !== undefined) right = drawPanel(canvas, others, second.x, right, second.w) + gap;
  return [below - gap, right - gap, leftBelow];
}

/** Beside the container's name: who started its first process, and waits for it. */
function drawSupervisor(canvas: Canvas, { processes }: Xray, panels: Panels, y: number): void {
  const starter = (processes ?? []).find(({ role }) => role === 'outside');
  if (starter === undefined) return;
  const panel: Panel = {
    tone: 'process',
    title: panels.say({ en: 'its supervisor', zh: '它的监督进程' }),
    note: `PID ${starter.pid}`,
    rows: [{ left: [{ text: starter.command, code: true, size: 15 }] }],
  };
  const at = y - 62;
  drawPanel(canvas, panel, left.x, at, left.w);
  canvas.way(
    [
      [left.x + left.w, at + 40],
      [container.x - 3, at + 40],
    ],
    'link',
    true,
  );
  canvas.text(panels.say({ en: 'waits for it', zh: '等待它结束' }), left.x + left.w + 18, at + 12, 116, {
    size: 16,
    tone: 'network',
  });
}

/** The stack of layers, with what else is mounted; at the left where nothing else is in the container. */
function drawLayers(canvas: Canvas, xray: Xray, panels: Panels, y: number, runs: boolean): number {
  const { x, w } = second;
  const slabs = panels.layers(xray.layers!, most.layers);
  const rows = runs ? panels.mounts(most.mounts) : [];
  const slab = 38;
  const head = 42;
  const stack = Math.max(slabs.length, 1) * (slab + 4) + 6;
  const panel: Panel = {
    tone: 'files',
    ...(runs ? panels.namespaceTitle('mnt') : { title: panels.say({ en: 'files', zh: '文件' }) }),
    rows: [],
  };
  const height = head + stack + rows.length * 25 + 14;
  drawPanel(canvas, panel, x, y, w, height);
  for (const [i, { name, text, note, kind }] of slabs.entries()) {
    const at = y + head + i * (slab + 4);
    canvas.rect({ x: x + 16, y: at, w: w - 32, h: slab }, kind === 'upper' ? 'container' : 'process', { rx: 5 });
    canvas.text(name, x + 30, at + 9, 78, { strong: true });
    const taken = canvas.text(note, x + w - 30, at + 10, 100, { size: 15, dim: true, right: true });
    canvas.text(text, x + 112, at + 9, w - 112 - 42 - taken, {
      code: kind === 'lower',
      size: kind === 'lower' ? 15 : 17,
    });
  }
  if (slabs.length === 0) canvas.text(xray.layers!.type, x + 16, y + head, w - 32, {});
  drawRows(canvas, rows, x, y + head + stack, w);
  return y + height;
}

function summaryOf({ container: { name }, network, layers, processes, sockets }: Xray): Text {
  const cables = (network?.interfaces ?? []).flatMap(({ name: end, peer }) =>
    peer ? `${end} – ${peer.name} – ${peer.bridge ?? '?'}` : [],
  );
  const ports = (sockets?.published ?? []).map(({ hostPort, address, port }) => `${hostPort} → ${address}:${port}`);
  const counts = `${processes?.filter(({ role }) => role === 'container').length ?? 0}, ${layers?.lower.length ?? 0}`;
  return {
    en: `Container ${name} on its host. Processes and read-only layers: ${counts}. Cables: ${cables.join(', ') || 'none'}. Published ports: ${ports.join(', ') || 'none'}.`,
    zh: `容器 ${name} 与宿主机。进程数和只读层数：${counts}。网线：${cables.join('、') || '无'}。已发布的端口：${ports.join('、') || '无'}。`,
  };
}
