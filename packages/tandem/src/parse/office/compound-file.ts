import { DamagedFile } from './damaged.ts';

/** A compound file ([MS-CFB]), the container of Office before 2007 and of encrypted documents since. */
export interface CompoundFile {
  /** Names of its streams, those in storages included. */
  names: readonly string[];
  /** A stream's bytes; undefined where there is none of the name. */
  stream(name: string): Buffer | undefined;
}

const signature = Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
const endOfChain = 0xfffffffe;
const unused = 0xffffffff;

export function isCompoundFile(bytes: Uint8Array): boolean {
  return bytes.length >= 512 && signature.equals(bytes.subarray(0, 8));
}

/** Throws `DamagedFile` where sector chains lead outside the file or in a circle. */
export function openCompoundFile(bytes: Uint8Array): CompoundFile {
  if (!isCompoundFile(bytes)) throw new DamagedFile('it does not begin as one');
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const shift = file.readUInt16LE(30);
  if (shift !== 9 && shift !== 12) throw new DamagedFile('its sectors have an impossible size');
  const size = 1 << shift;
  const sectors = Math.ceil(file.length / size);
  const sector = (number: number) => {
    // Sector 0 follows the header, which takes a sector's room. The last may be cut short.
    const start = (number + 1) * size;
    if (start >= file.length) throw new DamagedFile('it ends before one of its sectors');
    return file.subarray(start, start + size);
  };
  const words = (buffer: Buffer) =>
    Array.from({ length: buffer.length >> 2 }, (_, index) => buffer.readUInt32LE(index * 4));

  const tableSectors = words(file.subarray(76, 512));
  for (let next = file.readUInt32LE(68), seen = 0; next < endOfChain - 1; seen++) {
    if (seen > sectors) throw new DamagedFile('its table of sectors leads in a circle');
    const more = words(sector(next));
    next = more.pop() ?? endOfChain;
    tableSectors.push(...more);
  }
  const table = tableSectors
    .filter((number) => number < endOfChain - 1)
    .flatMap((number) => words(sector(number)));

  const chain = (first: number, of: readonly number[], what: string): number[] => {
    const numbers: number[] = [];
    for (let next = first; next !== endOfChain && next !== unused; next = of[next]!) {
      if (next >= of.length || numbers.length > of.length)
        throw new DamagedFile(
          `the sectors of its ${what} lead ${next >= of.length ? 'outside the file' : 'in a circle'}`,
        );
      numbers.push(next);
    }
    return numbers;
  };
  const read = (first: number, what: string) => Buffer.concat(chain(first, table, what).map(sector));

  const directory = read(file.readUInt32LE(48), 'directory');
  const entries: { name: string; type: number; first: number; size: number }[] = [];
  for (let at = 0; at + 128 <= directory.length; at += 128) {
    const type = directory[at + 66]!;
    const length = Math.min(Math.max(directory.readUInt16LE(at + 64) - 2, 0), 62);
    if (type === 0) continue;
    entries.push({
      name: directory.toString('utf16le', at, at + length),
      type,
      first: directory.readUInt32LE(at + 116),
      size: directory.readUInt32LE(at + 120),
    });
  }
  const root = entries.find(({ type }) => type === 5);
  const smallTable = words(read(file.readUInt32LE(60), 'table of small sectors'));
  const smallStream = root && root.first !== endOfChain ? read(root.first, 'small sectors') : Buffer.alloc(0);
  const streams = entries.filter(({ type }) => type === 2);
  return {
    names: streams.map(({ name }) => name),
    stream(name) {
      const entry = streams.find((stream) => stream.name === name);
      if (!entry) return undefined;
      if (entry.size > file.length) throw new DamagedFile(`its stream ${name} is longer than the file`);
      const small = entry.size < file.readUInt32LE(56);
      const content = small
        ? Buffer.concat(
            chain(entry.first, smallTable, name).map((at) => smallStream.subarray(at * 64, at * 64 + 64)),
          )
        : read(entry.first, name);
      if (content.length < entry.size) throw new DamagedFile(`its stream ${name} is cut short`);
      return content.subarray(0, entry.size);
    },
  };
}
