/**
 * Annotations of an entry in `index.json`. A name is an entry: an image with two tags has two, and one whose tag moved
 * away keeps an entry without a name. The first key is the OCI's, the second the one that containerd and Docker write.
 */
export const annotationKeys = {
  name: 'org.opencontainers.image.ref.name',
  containerdName: 'io.containerd.image.name',
  /** `docker.io/library/nginx@sha256:…`. */
  repoDigest: 'io.minidock.repo-digest',
  id: 'io.minidock.image-id',
  size: 'io.minidock.size',
  parent: 'io.minidock.parent',
  /** Of a manifest, not of an entry: the media type that it has in registries. */
  pushedAs: 'io.minidock.pushed-as',
} as const;

/** Of a container's config.json: names of the volumes that go with it, separated by spaces. */
export const anonymousVolumes = 'io.minidock.anonymous-volumes';
