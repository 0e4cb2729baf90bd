import { bytes, type Data, str } from '../syscalls/data.ts';
import { byteString, textOf } from './bytes.ts';
import type { ByteString } from './tar/header.ts';

/** A path as a step's argument: its bytes and a NUL. */
export function pathData(path: ByteString): Data {
  const text = textOf(path);
  return byteString(text) === path ? str(text) : bytes(Buffer.from(`${path}\0`, 'latin1'), JSON.stringify(text));
}
