/** What a packet says is no DNS message (RFC 1035). */
export class MalformedMessage extends Error {}

/** RFC 1035, 2.3.4, in bytes: of a label, and of a whole name with the length of each label and the root's. */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;
/** RFC 1035, 4.1.4: a length with both high bits is the offset at which the name goes on. */
const POINTER = 0xc0;
/** The highest offset that a pointer can hold. */
const FARTHEST = 0x3fff;

/**
 * Reads the name at `offset` as text without the last dot: `web.net`; the root is the empty text. A dot, a backslash or a byte
 * that is not printable within a label is written as in a zone file (RFC 1035, 5.1): `a\.b`, `\007`. Throws `MalformedMessage`.
 *
 * Each pointer must lead to before where the part that it ends begins: so no name leads in a circle.
 */
export function readName(packet: Uint8Array, offset: number): { name: string; end: number } {
  const labels: string[] = [];
  let length = 1;
  let end: number | undefined;
  let start = offset;
  for (let at = offset; ; ) {
    const size = byteAt(packet, at);
    if (size === 0) return { name: labels.join('.'), end: end ?? at + 1 };
    if ((size & POINTER) === POINTER) {
      const target = ((size & ~POINTER) << 8) | byteAt(packet, at + 1);
      if (target >= start) throw new MalformedMessage(`a name at ${offset} leads to ${target}, which is not before it`);
      end ??= at + 2;
      at = target;
      start = target;
      continue;
    }
    if (size > LONGEST_LABEL) throw new MalformedMessage(`a label at ${at} is of no known kind`);
    length += 1 + size;
    if (length > LONGEST_NAME) throw new MalformedMessage(`the name at ${offset} is too long`);
    if (at + 1 + size > packet.length) throw new MalformedMessage('the packet ends within a name');
    labels.push(Array.from(packet.subarray(at + 1, at + 1 + size), escaped).join(''));
    at += 1 + size;
  }
}

/**
 * The bytes of a name. `seen` are the offsets of names that the packet has already, by text: the rest of the name that is among
 * them becomes a pointer, and what is new is entered, for a name that goes to `offset`. Throws `MalformedMessage`.
 */
export function nameBytes(name: string, seen = new Map<string, number>(), offset = 0): number[] {
  const labels = labelsOf(name);
  const whole = labels.reduce((sum, label) => sum + 1 + label.length, 1);
  if (whole > LONGEST_NAME) throw new MalformedMessage(`the name ${JSON.stringify(name)} is too long`);
  const bytes: number[] = [];
  for (const [index, label] of labels.entries()) {
    const rest = String.fromCharCode(...labels.slice(index).flatMap(one => [one.length, ...one]));
    const known = seen.get(rest);
    if (known !== undefined) return [...bytes, ((POINTER << 8) | known) >>> 8, known & 0xff];
    if (offset + bytes.length <= FARTHEST) seen.set(rest, offset + bytes.length);
    bytes.push(label.length, ...label);
  }
  return [...bytes, 0];
}

function labelsOf(name: string): number[][] {
  const labels: number[][] = [[]];
  for (const [part, code] of name.matchAll(/\\(\d{3})|\\?./gs)) {
    if (part === '.') labels.push([]);
    else labels.at(-1)!.push(code === undefined ? part.charCodeAt(part.length - 1) : Number(code));
  }
  if (name === '') return [];
  const wrong = labels.find(
    label => label.length === 0 || label.length > LONGEST_LABEL || label.some(one => one > 255),
  );
  if (wrong !== undefined) throw new MalformedMessage(`${JSON.stringify(name)} is no name`);
  return labels;
}

function escaped(byte: number): string {
  const character = String.fromCharCode(byte);
  if (character === '.' || character === '\\') return `\\${character}`;
  return byte > 0x20 && byte < 0x7f ? character : `\\${String(byte).padStart(3, '0')}`;
}

function byteAt(packet: Uint8Array, offset: number): number {
  const byte = packet[offset];
  if (byte === undefined) throw new MalformedMessage('the packet ends too early');
  return byte;
}
