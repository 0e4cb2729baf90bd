import { MinidockError } from '../../errors.ts';
import { bytes, type Data } from '../data.ts';
import { AF } from './flags.ts';

/** struct sockaddr_un, unix(7). */
export function unixAddress(path: string): Data {
  const encoded = new TextEncoder().encode(path);
  const address = new Uint8Array(2 + encoded.length + 1);
  new DataView(address.buffer).setUint16(0, AF.AF_UNIX, true);
  address.set(encoded, 2);
  if (address.length > 110)
    throw new MinidockError(
      'path-too-long',
      `the path of a socket has ${encoded.length} bytes, and the kernel takes 107: ${path}`,
      { fix: 'give the engine a shorter --exec-root' },
    );
  return bytes(address, JSON.stringify(path));
}
