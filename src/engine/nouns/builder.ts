import type { BuildChoices } from '../../build/build.ts';
import type { BuildEvent } from '../../build/events.ts';
import type { ResourceOptions } from '../../container/options/resources.ts';
import type { SecurityOptions } from '../../container/options/security.ts';
import type { Credentials } from '../../registry/auth/credential-helper.ts';

/** Images made of Dockerfiles. */
export interface Builder {
  /**
   * Builds an image and gives it its names. Aborted or failing it names nothing; what is done stays in the cache.
   *
   * Throws `dockerfile` with the place of what is wrong, `build-failed` where a command failed, `no-such-target`.
   */
  build(options: BuildOptions, tell: (event: BuildEvent) => void): Promise<BuiltImage>;
  /** An image as `--output` has it, as a tar: its files, or an archive that `load` reads. */
  export(image: string, form: ExportForm): AsyncIterable<Buffer>;
  /** Forgets steps of the cache, and removes what only they held. Nothing while a build is at work. */
  prune(options: BuildPruneOptions): Promise<PrunedBuilds>;
}

export interface BuildOptions extends BuildChoices {
  readonly dockerfile: { readonly name: string; readonly content: Uint8Array };
  /** A directory; missing: there is only a Dockerfile. */
  readonly context?: string;
  /** What .dockerignore says. */
  readonly ignore?: string;
  /** `REPOSITORY[:TAG]` */
  readonly tags: readonly string[];
  /** `--build-arg`; undefined: named without a value, and not set in the caller's environment. */
  readonly args: Readonly<Record<string, string | undefined>>;
  /** Limits of the containers of RUN, and rules of `--security-opt`. */
  readonly limits?: ResourceOptions & Pick<SecurityOptions, 'securityOpt' | 'unconfinedPaths'>;
  /** The containers of RUN stay. */
  readonly keepContainers?: boolean;
  /**
   * Credentials by registry host, in place of those in this user's config.json of Docker. Registries that are not named are
   * asked anonymously.
   */
  readonly credentials?: Readonly<Record<string, Credentials | 'none'>>;
}

export interface BuiltImage {
  /** `sha256:…` */
  readonly id: string;
  /** The names that it was given, with their tags. */
  readonly names: readonly string[];
  /** Build arguments that no ARG names. */
  readonly unused: readonly string[];
}

/** The files of an image, or an OCI layout and a Docker archive in one; `names` are those that the image has in it. */
export type ExportForm = { readonly form: 'files' } | { readonly form: 'archive'; readonly names: readonly string[] };

export interface BuildPruneOptions {
  /** Also what images with a name need: they stay, and their steps are made anew the next time. */
  readonly all: boolean;
  /** Milliseconds since the epoch: made before each of them. */
  readonly until?: readonly number[];
  /** The newest stay, up to so many bytes. */
  readonly keepBytes?: number;
}

export interface PrunedBuilds {
  /** Keys of steps, names of caches. */
  readonly ids: readonly string[];
  /** Bytes of disk that were freed. */
  readonly bytes: number;
}

/** A step in the cache, or the directory of a `--mount=type=cache`. */
export interface CachedBuild {
  readonly id: string;
  readonly kind: 'step' | 'mount';
  /** The instruction. */
  readonly what: string;
  /** What no image with a name has too. */
  readonly bytes: number;
  /** Milliseconds since the epoch: when it was made. */
  readonly time: number;
  /** An image with a name, or a container, needs it. */
  readonly inUse: boolean;
  /** The image that a step made. */
  readonly image?: string;
}
