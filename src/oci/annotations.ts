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
  /** In an archive: the media type that the manifest has in the store it comes from. */
  translatedFrom: 'io.minidock.translated-from',
} as const;

/** Of a container's config.json: names of the volumes that go with it, separated by spaces. */
export const anonymousVolumes = 'io.minidock.anonymous-volumes';
