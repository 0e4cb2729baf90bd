import { MinidockError } from '../../errors.ts';

/**
 * The text of one record of a log, of each stream. The supervisor fills in what it alone knows: native/log.c.
 */
export interface RecordForms {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The placeholders in a form for the line, escaped for a JSON string, and for the time in RFC 3339: FORM_LINE and FORM_TIME of
 * native/protocol.h.
 */
const line = '\x01';
const time = '\x02';

/** In bytes; a little less than MAX_FORM of native/protocol.h. */
const mostBytes = 16_000;

/**
 * Docker's `json-file`. Attributes are those that `--log-opt labels`, `env` and `tag` name.
 *
 * @throws {MinidockError} `invalid-argument` where they are too long
 * @see https://docs.docker.com/config/containers/logging/json-file/
 */
export function jsonFileForms(attributes: Readonly<Record<string, string>> = {}): RecordForms {
  const sorted = Object.entries(attributes).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const attrs = sorted.length === 0 ? '' : `,"attrs":${goJson(Object.fromEntries(sorted))}`;
  if (Buffer.byteLength(attrs) > mostBytes)
    throw new MinidockError('invalid-argument', `the log's attributes have more than ${mostBytes} bytes`, {
      fix: 'name fewer labels and variables in --log-opt: every line has them',
    });
  const form = (stream: string) => `{"log":"${line}","stream":"${stream}"${attrs},"time":"${time}"}\n`;
  return { stdout: form('stdout'), stderr: form('stderr') };
}

/** Go's encoder also escapes what HTML and JavaScript would take for their own. */
function goJson(value: object): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
