import type { BuildEvent } from '../../build/events.ts';
import type { Platform } from '../../oci/manifest.ts';
import type { Credentials } from '../../registry/auth/credential-helper.ts';

/** Images made of Dockerfiles. */
export interface Builder {
  /**
   * Builds an image and gives it its names. Aborted or failing it names nothing; what is done stays in the cache.
   *
   * Throws `dockerfile` with the place of what is wrong, `build-failed` where a command failed, `no-such-target`.
   */
  build(options: BuildOptions, tell: (event: BuildEvent) => void): Promise<BuiltImage>;
  /** Forgets the cache. Returns how many steps were in it. */
  prune(): Promise<number>;
}

export interface BuildOptions {
  readonly dockerfile: { readonly name: string; readonly content: Uint8Array };
  /** A directory; missing: there is only a Dockerfile. */
  readonly context?: string;
  /** What .dockerignore says. */
  readonly ignore?: string;
  /** `REPOSITORY[:TAG]` */
  readonly tags: readonly string[];
  readonly args: Readonly<Record<string, string | undefined>>;
  readonly target?: string;
  readonly noCache?: boolean;
  /** Fetch the images that FROM names, also where they are here. */
  readonly pull?: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly network?: 'bridge' | 'none' | 'host';
  readonly extraHosts: readonly string[];
  readonly platform?: Platform;
  /** Files by the id of a secret. */
  readonly secrets: Readonly<Record<string, string>>;
  /** SOURCE_DATE_EPOCH, in seconds since 1970: what is made says this time. */
  readonly epoch?: number;
  /** Whom registries are asked as, by their hosts, in place of what Docker's config.json of this user says; of others nobody. */
  readonly credentials?: Readonly<Record<string, Credentials | 'none'>>;
  readonly abort?: AbortSignal;
}

export interface BuiltImage {
  /** `sha256:…` */
  readonly id: string;
  /** The names that it was given, with their tags. */
  readonly names: readonly string[];
  /** Build arguments that no ARG names. */
  readonly unused: readonly string[];
}
