/** Who builds a Dockerfile beside us: Docker's classic builder, Docker's BuildKit, and buildah. */
export type Peer = 'classic' | 'buildkit' | 'buildah';
export type Aspect = 'files' | 'history' | 'steps' | keyof typeof configFields;

/** Members of the config that are compared, and what stands for their absence. */
export const configFields = {
  Env: 1,
  Cmd: 1,
  Entrypoint: 1,
  WorkingDir: 1,
  User: 1,
  Labels: 1,
  ExposedPorts: 1,
  Volumes: 1,
  StopSignal: 1,
  Shell: 1,
  Healthcheck: 1,
  OnBuild: 1,
} as const;

/** A Dockerfile that all build of the same context, and what the image of each must have in common. */
export interface Case {
  readonly text: string;
  /** Of `build`. */
  readonly flags?: readonly string[];
  /** Those that can build it; all if not said otherwise. */
  readonly by?: readonly Peer[];
  /** Where another builder makes something else, and why we do not: it is a failure if it comes to make the same. */
  readonly differs?: Partial<Record<Peer, Partial<Record<Aspect, string>>>>;
}
