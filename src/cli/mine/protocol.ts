/** What a piece of the engine's is at the moment: the learner's own, or why not. */
export interface OwnPiece {
  readonly name: string;
  /** `03-uts-namespace`. */
  readonly lesson: string;
  /** Of the checkout: `lessons/03-uts-namespace/exercise.ts`. */
  readonly file: string;
  readonly state: 'yours' | 'changed' | 'not-passed';
  /** The calls that its steps may be. */
  readonly syscalls: readonly string[];
}

/** The first message of the thread that holds the learner's pieces. */
export type MineOffer =
  | { readonly kind: 'pieces'; readonly pieces: readonly OwnPiece[] }
  | { readonly kind: 'failed'; readonly message: string; readonly fix?: string | undefined };

/** A call of a piece; the arguments as a wire document of a list. */
export interface MineQuestion {
  readonly name: string;
  readonly args: string;
}

export type MineAnswer =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'failed'; readonly message: string };
