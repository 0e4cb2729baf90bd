import type { Digest } from '../../oci/digest.ts';
import type { Reference } from '../../oci/reference.ts';
import type { FileMember } from './members.ts';

/** An image as an archive describes it. Nothing but its own digests is checked yet. */
export interface ArchivedImage {
  config: FileMember;
  /** Bottom first. */
  layers: FileMember[];
  names: Reference[];
  /** Its manifest, where the archive has one. */
  manifest?: { mediaType: string; content: Buffer };
  /** Id of the image it was made from, where that is in the archive too. */
  parent?: Digest;
}
