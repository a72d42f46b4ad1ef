const LINE_FEED = 10;

/**
 * How many bytes of a piece of a log can be given: up to the end of its last whole line. A line that fills the whole piece
 * is cut between two characters of UTF-8.
 *
 * @param maxBytes - length of a full piece.
 * @returns 0 to `bytes.length`; 0 when the last line is still being written.
 */
export function cutAtLine(bytes: Uint8Array, maxBytes: number): number {
  const lineEnd = bytes.lastIndexOf(LINE_FEED) + 1;
  if (lineEnd > 0 || bytes.length < maxBytes) return lineEnd;
  // Bytes after the first of a character start with the bits 10; a character has at most three of them.
  let at = bytes.length;
  while (at > bytes.length - 4 && (bytes[at - 1]! & 0xc0) === 0x80) at--;
  const first = bytes[at - 1]!;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return at - 1 + length <= bytes.length ? bytes.length : at - 1;
}
