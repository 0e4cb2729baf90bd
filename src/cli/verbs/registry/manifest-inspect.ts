import type { RemoteManifest } from '../../../registry/inspect-manifest.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { interruptible } from '../../terminal/interrupt.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] MANIFEST',
  flags: {
    insecure: toggle('Speak plain http too, and do not verify certificates'),
    verbose: toggle('Show digest and platform as well, and each image of an index', { short: 'v' }),
  },
  operands: [1, 1],
  completes: ['images'],
  async run({ output, settings }, { insecure, verbose }, [name]) {
    const { inspectManifest } = await import('../../../registry/inspect-manifest.ts');
    const found = await interruptible(signal =>
      inspectManifest(name!, { insecure, verbose, signal, ...settings.registries }),
    );
    const shown = verbose ? found.map(describe) : found.map(({ content }) => JSON.parse(content.toString()));
    output.data(`${JSON.stringify(shown.length === 1 ? shown[0] : shown, null, '\t')}\n`);
    return 0;
  },
});

/** The fields of `docker manifest inspect -v`. */
function describe({ name, mediaType, digest, content, platform }: RemoteManifest): object {
  const key = mediaType.startsWith('application/vnd.oci.') ? 'OCIManifest' : 'SchemaV2Manifest';
  return {
    Ref: name,
    Descriptor: { mediaType, digest, size: content.length, ...(platform === undefined ? {} : { platform }) },
    Raw: content.toString('base64'),
    [key]: JSON.parse(content.toString()),
  };
}
