/** What a thing in a picture stands for; decides its colour. */
export type Tone = 'host' | 'container' | 'process' | 'kernel' | 'files' | 'network' | 'danger' | 'plain';

export interface Colours {
  readonly fill: string;
  readonly stroke: string;
  /** Titles and labels. */
  readonly ink: string;
}

/** By tone; ink on fill has a contrast of at least 4.5 (WCAG 2, AA). */
export const light: Record<Tone, Colours> = {
  host: { fill: '#e6effa', stroke: '#4a7fb0', ink: '#1d4f80' },
  container: { fill: '#e3f1dc', stroke: '#5d9240', ink: '#2f5f17' },
  process: { fill: '#ffffff', stroke: '#5c6773', ink: '#1d2733' },
  kernel: { fill: '#efe6f7', stroke: '#8a63b0', ink: '#5a3583' },
  files: { fill: '#fdf1d3', stroke: '#bf9225', ink: '#725206' },
  network: { fill: '#dcf2f3', stroke: '#2f8f96', ink: '#14585e' },
  danger: { fill: '#fce1dd', stroke: '#c2483a', ink: '#942417' },
  plain: { fill: '#f6f5f1', stroke: '#9a9a94', ink: '#414b57' },
};

export const dark: Record<Tone, Colours> = {
  host: { fill: '#1a2a3d', stroke: '#5f97cf', ink: '#a9cdf2' },
  container: { fill: '#1b2f1a', stroke: '#74b356', ink: '#b4e09c' },
  process: { fill: '#22272f', stroke: '#98a2ae', ink: '#eef1f5' },
  kernel: { fill: '#2a2038', stroke: '#a883d1', ink: '#d9c0f2' },
  files: { fill: '#332a12', stroke: '#cfa43e', ink: '#f0d68c' },
  network: { fill: '#123033', stroke: '#4fb3ba', ink: '#a3e3e7' },
  danger: { fill: '#3d1a17', stroke: '#e0675a', ink: '#f7b5ad' },
  plain: { fill: '#1c2026', stroke: '#717a85', ink: '#c3cad3' },
};

export const paper = {
  light: { ground: '#fffefa', text: '#1d2733', faint: '#5b6672', code: '#0b5568', good: '#2f6f17', bad: '#a82a1b' },
  dark: { ground: '#14171c', text: '#e4e9ef', faint: '#9aa5b1', code: '#8fd3e6', good: '#9bdc7d', bad: '#ff9a8d' },
};
