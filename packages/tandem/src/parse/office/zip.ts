import { constants, crc32, inflateRawSync } from 'node:zlib';
import {
  locateZipDirectory,
  readZipDirectory,
  zipDataOffset,
  zipHeaderLength,
  zipTailLength,
} from '../../core/zip-directory.ts';
import { DamagedFile, OversizedFile } from './damaged.ts';

/** A zip archive in memory; entries are unpacked when they are asked for. */
export interface ZipArchive {
  names: readonly string[];
  /** The entry's bytes; undefined where there is none of the name. Throws `DamagedArchive`, `DamagedFile` and `OversizedFile`. */
  read(name: string): Buffer | undefined;
}

/** What all parts of an archive may have together when unpacked, in bytes. */
const mostUnpacked = 400 * 2 ** 20;
/** Office XML packs to a tenth or a thirtieth; more than this, on more than a few megabytes, was made to harm. */
const mostRatio = 150;
const smallEnough = 16 * 2 ** 20;

/** Throws `DamagedArchive` for what is no archive. */
export function openZip(bytes: Uint8Array): ZipArchive {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { offset, length } = locateZipDirectory(
    file.subarray(Math.max(0, file.length - zipTailLength)),
    file.length,
  );
  const entries = readZipDirectory(file.subarray(offset, offset + length));
  let unpacked = 0;
  return {
    names: [...entries.keys()],
    read(name) {
      const entry = entries.get(name);
      if (!entry) return undefined;
      const { headerOffset, packedSize, method, checksum } = entry;
      const start = zipDataOffset(entry, file.subarray(headerOffset, headerOffset + zipHeaderLength));
      if (entry.isEncrypted) throw new DamagedFile(`its part ${name} is encrypted`);
      if (start + packedSize > file.length)
        throw new DamagedFile(`it ends in the middle of its part ${name}`);
      const packed = file.subarray(start, start + packedSize);
      const room = Math.min(mostUnpacked - unpacked, Math.max(smallEnough, mostRatio * packedSize));
      const content = method === 0 ? packed : method === 8 ? inflate(packed, room, name) : undefined;
      if (!content) throw new DamagedFile(`its part ${name} is packed by method ${method}, not by deflate`);
      if (crc32(content) !== checksum) throw new DamagedFile(`the checksum of its part ${name} is wrong`);
      unpacked += content.length;
      return content;
    },
  };
}

function inflate(packed: Buffer, room: number, name: string): Buffer {
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
