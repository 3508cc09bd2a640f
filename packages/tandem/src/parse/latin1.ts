/** Bytes as characters, each of the same number: to look for what is written in ASCII before the encoding is known. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
