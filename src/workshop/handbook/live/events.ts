import type { Figure } from '../../figure/figure.ts';
import type { RecordedStep } from '../record/recording.ts';

/** What a page is told of the program that runs for it. */
export type LiveEvent =
  | { readonly kind: 'start'; readonly figure: Figure }
  /** `at` counts from 0. The same comes again when there is more to say of it. */
  | { readonly kind: 'step'; readonly at: number; readonly step: RecordedStep }
  /** The process waits before the last step that was told; `over`: it runs, and is ended next. */
  | { readonly kind: 'turn'; readonly over: boolean }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly reason: string };
