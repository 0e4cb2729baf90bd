/** The archive is not what tar(5) describes. The message is a clause without its subject: "a header has …". */
export class TarError extends Error {
  override name = 'TarError';
}
