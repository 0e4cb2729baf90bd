/** Pixels. The host is the whole picture; the container stands at its right, cables and ports cross the gap between. */
export const width = 1600;
export const margin = 30;
export const inset = 24;
export const top = 118;
export const left = { x: margin + inset, w: 480 };
export const container = { x: 684, w: width - margin - inset - 684 };
const columnGap = 22;
export const first = { x: container.x + 22, w: 414 };
export const second = {
  x: first.x + first.w + columnGap,
  w: container.x + container.w - 22 - (first.x + first.w + columnGap),
};
export const gap = 16;
export const most = { processes: 8, layers: 7, mounts: 4, ports: 8, cables: 4 };
