import { membersOf, packLayer, packMembers } from '../../build/copy/members.ts';
import { layersTree } from '../../build/copy/tree.ts';
import { imageArchive } from '../../image/archive/save.ts';
import type { ImageStore } from '../../image/store.ts';
import { parseReference } from '../../oci/reference.ts';
import type { ExportForm } from '../nouns/builder.ts';

/** Throws `no-such-image`, and what reading gives. */
export function exportImage(store: ImageStore, image: string, form: ExportForm): AsyncIterable<Buffer> {
  if (form.form === 'archive') return imageArchive(store, [image], form.names.map(parseReference));
  const tree = layersTree(store.get(image).layers, `image ${image}`);
  return packLayer([packMembers(membersOf(tree, [], '', {}))]);
}
