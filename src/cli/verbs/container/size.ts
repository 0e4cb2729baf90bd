import type { ContainerSize } from '../../../engine/nouns/containers.ts';
import { humanSize } from '../../print/size.ts';

/** What a container wrote, and that together with its image, as `ps` shows it: `5B (virtual 1.98MB)`. */
export function showSize({ written, image }: ContainerSize): string {
  const alone = humanSize(written, 3);
  return image === undefined ? alone : `${alone} (virtual ${humanSize(written + image, 3)})`;
}
