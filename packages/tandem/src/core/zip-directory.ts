/**
 * Where the entries of a zip archive lie (PKWARE's APPNOTE 6.3.10, §4.3; zip64 too), read from bytes that the caller has loaded: an
 * office file is read from memory, a downloaded wheel of a hundred megabytes is never in memory as a whole.
 *
 * Our own, for what libraries lack (yauzl 3.4 was tried): they read by callbacks and promises where the readers of office
 * files take one part after the other by name, refuse an archive with bytes behind its end, which mail programs and
 * downloads leave there, and check no checksums. Limits on what is unpacked would be ours to keep with any of them.
 */
export interface ZipEntry {
  /** With `/` between its parts and none before the first, whatever the writer used. */
  name: string;
  /** 0 is stored, 8 is deflate. */
  method: number;
  isEncrypted: boolean;
  /** Bytes as packed. */
  packedSize: number;
  /** CRC-32 of the bytes when unpacked. */
  checksum: number;
  /** Where its own header begins, which `zipDataOffset` reads. */
  headerOffset: number;
}

/** The bytes are no zip archive, or one that breaks the format's rules. The message ends a sentence about the file. */
export class DamagedArchive extends Error {}

/** Bytes of an end record, a comment of the longest kind, and zip64's two records before them. */
export const zipTailLength = 56 + 20 + 22 + 0xffff;

/**
 * Where the directory lies in a file of `size` bytes.
 * @param tail its last `zipTailLength` bytes, or all of a shorter one
 * @throws DamagedArchive
 */
export function locateZipDirectory(tail: Buffer, size: number): { offset: number; length: number } {
  // A comment or other bytes may follow the end record, so its signature is searched for from the end.
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0 || end + 22 > tail.length) throw new DamagedArchive('it has no directory at its end');
  const tailOffset = size - tail.length;
  let length = tail.readUInt32LE(end + 12);
  let offset = tail.readUInt32LE(end + 16);
  const locator = end - 20;
  if (
    (offset === inZip64 || length === inZip64) &&
    locator >= 0 &&
    tail.readUInt32LE(locator) === 0x07064b50
  ) {
    const record = Number(tail.readBigUInt64LE(locator + 8)) - tailOffset;
    if (record < 0 || record + 56 > locator) throw new DamagedArchive('its directory lies outside the file');
    length = Number(tail.readBigUInt64LE(record + 40));
    offset = Number(tail.readBigUInt64LE(record + 48));
  }
  if (offset + length > tailOffset + end) throw new DamagedArchive('its directory lies outside the file');
  return { offset, length };
}

/**
 * The entries by name; of two of one name the last.
 * @throws DamagedArchive
 */
export function readZipDirectory(directory: Buffer): Map<string, ZipEntry> {
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at + 46 <= directory.length; ) {
    if (directory.readUInt32LE(at) !== 0x02014b50) throw new DamagedArchive('its directory is damaged');
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    // Some writers use backslashes, some begin with a slash.
    const name = directory
      .toString('utf8', at + 46, nameEnd)
      .replaceAll('\\', '/')
      .replace(/^\//, '');
    const [, packedSize, headerOffset] = inZip64Field(directory.subarray(nameEnd, extraEnd), [
      directory.readUInt32LE(at + 24),
      directory.readUInt32LE(at + 20),
      directory.readUInt32LE(at + 42),
    ]);
    entries.set(name, {
      name,
      method: directory.readUInt16LE(at + 10),
      isEncrypted: (directory.readUInt16LE(at + 8) & 1) === 1,
      packedSize: packedSize!,
      checksum: directory.readUInt32LE(at + 16),
      headerOffset: headerOffset!,
    });
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** Bytes of an entry's own header, without its name and extra fields. */
export const zipHeaderLength = 30;

/**
 * Where an entry's packed bytes begin.
 * @param header `zipHeaderLength` bytes from its `headerOffset`, or fewer where the file ends
 * @throws DamagedArchive
 */
export function zipDataOffset({ name, headerOffset }: ZipEntry, header: Buffer): number {
  if (header.length < zipHeaderLength || header.readUInt32LE(0) !== 0x04034b50)
    throw new DamagedArchive(`its part ${name} is not where its directory says`);
  return headerOffset + zipHeaderLength + header.readUInt16LE(26) + header.readUInt16LE(28);
}

/** Written in place of a number that is too large for 32 bits: the number itself is in a zip64 field. */
const inZip64 = 0xffffffff;

/** Numbers with those that are too large taken from the zip64 field, which holds only them, in this order. */
function inZip64Field(extra: Buffer, numbers: readonly number[]): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 0x0001) continue;
    let next = at + 4;
    return numbers.map((number) => {
      if (number !== inZip64 || next + 8 > extra.length) return number;
      next += 8;
      return Number(extra.readBigUInt64LE(next - 8));
    });
  }
  return [...numbers];
}
