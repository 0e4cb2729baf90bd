import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';

/** A member of an archive made for a test; what is missing is a file of root's with mode 0644. */
export interface Member {
  name: string;
  type?: 'file' | 'directory' | 'symlink' | 'link' | 'character-device' | 'block-device' | 'fifo';
  content?: string | Buffer;
  linkname?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  /** Seconds since 1970. */
  mtime?: number;
  devmajor?: number;
  devminor?: number;
  pax?: Record<string, string>;
}

/** A tar of exactly these members in this order, whatever they are called. */
export async function archive(members: Member[]): Promise<Buffer> {
  const pack = tar.pack();
  const chunks: Buffer[] = [];
  const done = new Promise<void>((resolve, reject) => {
    pack.on('data', chunk => {
      chunks.push(chunk as Buffer);
    });
    pack.on('end', resolve);
    pack.on('error', reject);
  });
  for (const { content = '', mtime = 1_600_000_000, ...rest } of members) {
    const isDirectory = rest.type === 'directory';
    const header = { mode: isDirectory ? 0o755 : 0o644, ...rest, mtime: new Date(mtime * 1000) };
    pack.entry(header as unknown as tar.Header, content as string);
  }
  pack.finalize();
  await done;
  return Buffer.concat(chunks);
}

export async function gzipped(members: Member[]): Promise<Buffer> {
  return gzipSync(await archive(members), { level: 1 });
}
