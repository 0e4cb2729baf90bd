import type { Descriptor, Index, Platform } from '../../src/oci/manifest.ts';
import { manifestTypes } from '../../src/oci/media-types.ts';

/** What a platform means that names no variant. 没有写变体的平台，指的是什么。 */
const plain: Record<string, string> = { amd64: 'v1', arm64: 'v8', arm: 'v7' };

/**
 * The entry of an index that a machine of the platform `wanted` should pull; undefined where none serves.
 * 平台为 `wanted` 的机器应当从 index 里拉取哪一项；都不合适时返回 undefined。
 */
export const findPlatform = (index: Index, wanted: Platform): Descriptor | undefined => {
  //> An entry of `index.manifests` serves if
  //> - its mediaType is one of `manifestTypes`: an index may name other things too;
  //> - its platform has the wanted os and architecture (an entry may have no platform);
  //> - its variant is the wanted one, where `plain` says what none means. On `arm` a processor also runs what was built for an
  //>   earlier variant: of those the nearest. The order of the entries says nothing.
  //> `index.manifests` 里的一项在以下条件下合适：
  //> - 它的 mediaType 属于 `manifestTypes`：index 还可以列出别的东西；
  //> - 它的平台的 os 和 architecture 与所要的相同（有的项没有 platform）；
  //> - 它的变体与所要的相同，没写变体时按 `plain` 理解。`arm` 的处理器还能运行为更早的变体构建的镜像：
  //>   选其中最接近的。各项的先后顺序没有意义。
  const numberOf = ({ architecture, variant }: Platform) => Number((variant ?? plain[architecture])?.slice(1) ?? 0);
  const distanceTo = (platform: Platform | undefined) => {
    if (platform?.os !== wanted.os || platform.architecture !== wanted.architecture) return Number.POSITIVE_INFINITY;
    const newer = numberOf(wanted) - numberOf(platform);
    return newer === 0 || (newer > 0 && wanted.architecture === 'arm') ? newer : Number.POSITIVE_INFINITY;
  };
  return index.manifests
    .filter(({ mediaType }) => manifestTypes.includes(mediaType))
    .map(entry => ({ entry, distance: distanceTo(entry.platform) }))
    .filter(({ distance }) => distance < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.distance - b.distance)[0]?.entry;
  //<
};
