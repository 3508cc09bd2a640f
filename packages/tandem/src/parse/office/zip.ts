import { constants, crc32, inflateRawSync } from 'node:zlib';
import { DamagedFile, OversizedFile } from './damaged.ts';

/** A zip archive in memory; entries are unpacked when they are asked for. */
export interface ZipArchive {
  names: readonly string[];
  /** The entry's bytes; undefined where there is none of the name. Throws `DamagedFile` and `OversizedFile`. */
  read(name: string): Buffer | undefined;
}

/** What all parts of an archive may have together when unpacked, in bytes. */
const mostUnpacked = 400 * 2 ** 20;
/** Office XML packs to a tenth or a thirtieth; more than this, on more than a few megabytes, was made to harm. */
const mostRatio = 150;
const smallEnough = 16 * 2 ** 20;

/** Reads the central directory (PKWARE's APPNOTE 6.3.10, §4.3; zip64 as well). Throws `DamagedFile` for what is no archive. */
export function openZip(bytes: Uint8Array): ZipArchive {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = readDirectory(file);
  let unpacked = 0;
  return {
    names: [...entries.keys()],
    read(name) {
      const entry = entries.get(name);
      if (!entry) return undefined;
      const { offset, packedSize, method, checksum } = entry;
      if (file.length < offset + 30 || file.readUInt32LE(offset) !== 0x04034b50)
        throw new DamagedFile(`its part ${name} is not where its directory says`);
      if (entry.encrypted) throw new DamagedFile(`its part ${name} is encrypted`);
      const start = offset + 30 + file.readUInt16LE(offset + 26) + file.readUInt16LE(offset + 28);
      if (start + packedSize > file.length)
        throw new DamagedFile(`it ends in the middle of its part ${name}`);
      const packed = file.subarray(start, start + packedSize);
      const room = Math.min(mostUnpacked - unpacked, Math.max(smallEnough, mostRatio * packedSize));
      const content = method === 0 ? packed : method === 8 ? inflated(packed, room, name) : undefined;
      if (!content) throw new DamagedFile(`its part ${name} is packed by method ${method}, not by deflate`);
      if (crc32(content) !== checksum) throw new DamagedFile(`the checksum of its part ${name} is wrong`);
      unpacked += content.length;
      return content;
    },
  };
}

interface Entry {
  offset: number;
  packedSize: number;
  method: number;
  checksum: number;
  encrypted: boolean;
}

function readDirectory(file: Buffer): Map<string, Entry> {
  // The end record is 22 bytes and a comment of up to 65,535; its signature is searched from the end.
  const tail = file.subarray(Math.max(0, file.length - 22 - 0xffff));
  const inTail = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (inTail < 0 || inTail + 22 > tail.length) throw new DamagedFile('it has no directory at its end');
  const end = file.length - tail.length + inTail;
  let length = file.readUInt32LE(end + 12);
  let at = file.readUInt32LE(end + 16);
  if (
    (at === 0xffffffff || length === 0xffffffff) &&
    end >= 20 &&
    file.readUInt32LE(end - 20) === 0x07064b50
  ) {
    const zip64 = Number(file.readBigUInt64LE(end - 12));
    if (zip64 + 56 > file.length) throw new DamagedFile('its directory lies outside the file');
    length = Number(file.readBigUInt64LE(zip64 + 40));
    at = Number(file.readBigUInt64LE(zip64 + 48));
  }
  if (at + length > end) throw new DamagedFile('its directory lies outside the file');
  const entries = new Map<string, Entry>();
  for (const stop = at + length; at + 46 <= stop; ) {
    if (file.readUInt32LE(at) !== 0x02014b50) throw new DamagedFile('its directory is damaged');
    const nameEnd = at + 46 + file.readUInt16LE(at + 28);
    // Some writers use backslashes, and the part names of Open Packaging are compared without case.
    const name = file
      .toString('utf8', at + 46, nameEnd)
      .replaceAll('\\', '/')
      .replace(/^\//, '');
    entries.set(name, {
      offset: file.readUInt32LE(at + 42),
      packedSize: file.readUInt32LE(at + 20),
      method: file.readUInt16LE(at + 10),
      checksum: file.readUInt32LE(at + 16),
      encrypted: (file.readUInt16LE(at + 8) & 1) === 1,
    });
    at = nameEnd + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return entries;
}

function inflated(packed: Buffer, room: number, name: string): Buffer {
  try {
    return inflateRawSync(packed, {
      maxOutputLength: Math.max(1, room),
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new OversizedFile(`its part ${name} unpacks to more than ${Math.round(room / 2 ** 20)} MB`);
    throw new DamagedFile(`its part ${name} cannot be unpacked`, { cause });
  }
}
