import { readFileSync } from 'node:fs';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { createRandom, type Random } from '../statistics/random.ts';
import { parseDocument } from './parse-document.ts';
import { parseInThread } from './parser-thread.ts';

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const text = (content: string) => Buffer.from(content);

const kinds: Record<string, Buffer[]> = {
  docx: [fixture('leave.docx')],
  doc: [fixture('lists.doc'), fixture('table.doc')],
  pptx: [fixture('hygiene.pptx')],
  xlsx: [fixture('stock.xlsx')],
  pdf: [fixture('form.pdf'), fixture('two-columns.pdf'), fixture('scanned.pdf')],
  html: [
    text(
      `<!doctype html><html><body><h1>A</h1>${'<table><tr><td>a<td>b</table><p>Text <b>and</b> more.'.repeat(20)}</body></html>`,
    ),
  ],
  md: [
    text(
      `---\nid: a\ntitle: "T"\n---\n# A\n\n${'- item\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n\n'.repeat(10)}`,
    ),
  ],
  txt: [text('Guide\n=====\n\nText.\n\n- one\n- two\n\fNext page\n'.repeat(10))],
  csv: [text(`name,dose,"a ""note"""\n${'"Insulin, fast",5,"two\nlines"\n'.repeat(40)}`)],
  json: [
    text(
      JSON.stringify({
        rows: Array.from({ length: 20 }, (_, id) => ({
          id,
          name: `n${id}`,
          deep: { list: [1, [2, { a: 'b' }]] },
        })),
      }),
    ),
  ],
  jsonl: [
    text(Array.from({ length: 30 }, (_, id) => JSON.stringify({ id, text: 'words '.repeat(40) })).join('\n')),
  ],
};

/** Fifty of each kind, the same on every machine. What is left parses or is an error that says so, each within seconds. */
describe.each(Object.keys(kinds))('fifty damaged .%s files', (kind) => {
  test('give a document or an UnreadableDocumentError, in time', async () => {
    const random = createRandom(20_261_121);
    let refused = 0;
    for (let count = 0; count < 50; count++) {
      const originals = kinds[kind]!;
      const original = originals[count % originals.length]!;
      const damage = damages[Math.floor(count / originals.length) % damages.length]!;
      const isArchive = original.readUInt32LE(0) === 0x04034b50;
      const bytes =
        isArchive && count % 2 === 1 ? repacked(original, damage, random) : damage(original, random);
      const before = process.cpuUsage();
      const outcome = await parseDocument({ uri: `damaged.${kind}`, bytes: new Uint8Array(bytes) }).catch(
        (error) => error,
      );
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1e6).toBeLessThan(10);
      if (outcome instanceof Error) {
        if (!UnreadableDocumentError.isInstance(outcome)) throw outcome;
        expect(outcome.message).toContain(`damaged.${kind}`);
        expect(outcome.hint).toMatch(/\.$/);
        refused++;
      } else
        for (const { start, end } of outcome.blocks)
          expect(outcome.text.slice(start, end)).toMatch(/^\S(?:[\s\S]*\S)?$/);
    }
    // The damage is real: of formats with rules of their own, many files are refused.
    if (!/^(?:md|txt|html|csv)$/.test(kind)) expect(refused).toBeGreaterThan(5);
  });
});

type Damage = (bytes: Buffer, random: Random) => Buffer;
const place = (bytes: Buffer, random: Random) => Math.floor(random.next() * bytes.length);

const damages: Damage[] = [
  (bytes, random) => bytes.subarray(0, Math.max(1, place(bytes, random))),
  function flippedBits(bytes, random) {
    const copy = Buffer.from(bytes);
    for (let count = 1 + Math.floor(random.next() * 40); count > 0; count--)
      copy[place(copy, random)]! ^= 1 << Math.floor(random.next() * 8);
    return copy;
  },
  function overwritten(bytes, random) {
    const copy = Buffer.from(bytes);
    const start = place(copy, random);
    copy.subarray(start, start + Math.floor(random.next() * 2000)).fill(Math.floor(random.next() * 256));
    return copy;
  },
  function dropped(bytes, random) {
    const start = place(bytes, random);
    return Buffer.concat([
      bytes.subarray(0, start),
      bytes.subarray(start + 1 + Math.floor(random.next() * 300)),
    ]);
  },
  function doubled(bytes, random) {
    const start = place(bytes, random);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(Math.max(0, start - 400))]);
  },
];

/** An archive with one of its parts damaged, and its checksums right again: the damage reaches the XML. */
function repacked(archive: Buffer, damage: Damage, random: Random): Buffer {
  const parts = unpacked(archive);
  const xml = parts.filter(({ name }) =>
    /(?:document|slide\d|sheet\d|styles|numbering|sharedStrings|workbook|\.rels)/.test(name),
  );
  const victim = xml[Math.floor(random.next() * xml.length)]!;
  victim.content = damage(victim.content, random);
  return packed(parts);
}

interface Part {
  name: string;
  content: Buffer;
}

function unpacked(archive: Buffer): Part[] {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const parts: Part[] = [];
  for (let at = archive.readUInt32LE(end + 16); at < end; ) {
    const [size, nameLength] = [archive.readUInt32LE(at + 20), archive.readUInt16LE(at + 28)];
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const header = archive.readUInt32LE(at + 42);
    const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
    const content = archive.subarray(start, start + size);
    parts.push({ name, content: archive.readUInt16LE(at + 10) === 8 ? inflateRawSync(content) : content });
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return parts;
}

function packed(parts: Part[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of parts) {
    const data = deflateRawSync(content);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const file = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, Buffer.from(name), data]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, place, Buffer.from(name)]),
    );
    files.push(file);
    offset += file.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, ...directory, end]);
}

const refusal = async (bytes: Uint8Array, uri: string) => {
  const error = await parseDocument({ uri, bytes }).then(
    () => expect.fail('it parsed'),
    (reason: unknown) => reason,
  );
  if (!UnreadableDocumentError.isInstance(error)) throw error;
  return error;
};

test('a repacked archive is the same document: the damage above is what breaks it', async () => {
  const bytes = new Uint8Array(packed(unpacked(fixture('leave.docx'))));
  const again = await parseDocument({ uri: 'a.docx', bytes });
  const before = await parseDocument({ uri: 'a.docx', bytes: new Uint8Array(fixture('leave.docx')) });
  expect(again.text).toBe(before.text);
});

describe('made to harm', () => {
  test.each(['docx', 'pptx', 'xlsx'])('a zip bomb as .%s is refused before it is unpacked', async (kind) => {
    const name = { docx: 'leave.docx', pptx: 'hygiene.pptx', xlsx: 'stock.xlsx' }[kind]!;
    const main = {
      docx: 'word/document.xml',
      pptx: 'ppt/slides/slide1.xml',
      xlsx: 'xl/worksheets/sheet1.xml',
    }[kind]!;
    const parts = unpacked(fixture(name));
    parts.find((part) => part.name === main)!.content = Buffer.alloc(40 * 2 ** 20, ' ');
    const error = await refusal(new Uint8Array(packed(parts)), `bomb.${kind}`);
    expect(error.reason).toBe('too large');
    expect(error.message).toContain(`${main} unpacks to more than`);
  });

  test('entities are not expanded', async () => {
    const parts = unpacked(fixture('leave.docx'));
    const document = parts.find((part) => part.name === 'word/document.xml')!;
    document.content = text(
      '<!DOCTYPE w:document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>' +
        '<w:document><w:body><w:p><w:r><w:t>&b;&f;</w:t></w:r></w:p></w:body></w:document>',
    );
    expect((await refusal(new Uint8Array(packed(parts)), 'a.docx')).message).toContain('undefined entity');
  });

  test('deep nesting is no stack overflow', async () => {
    const deep = (open: string, close: string, depth: number) =>
      text(open.repeat(depth) + close.repeat(depth));
    expect((await refusal(deep('[', ']', 200_000), 'a.json')).reason).toBe('damaged');
    expect((await refusal(deep('{"a":', '1}', 5), 'a.json')).message).toContain('a.json is not JSON');
    expect((await refusal(text(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`), 'a.json')).reason).toBe(
      'damaged',
    );
    const parts = unpacked(fixture('leave.docx'));
    const document = parts.find((part) => part.name === 'word/document.xml')!;
    document.content = text(
      `<d><body>${'<tbl><tr><tc>'.repeat(20_000)}<p/>${'</tc></tr></tbl>'.repeat(20_000)}</body></d>`,
    );
    expect((await refusal(new Uint8Array(packed(parts)), 'a.docx')).message).toContain('nested too deeply');
  });

  test('a huge CSV field is refused', async () => {
    const error = await refusal(text(`a,b\n1,"${'x'.repeat(3_000_000)}"\n`), 'a.csv');
    expect(error.reason).toBe('too large');
  });

  test('a parser that takes too long is ended, and the next document is read', async () => {
    const bytes = new Uint8Array(fixture('form.pdf'));
    const error = await parseInThread('application/pdf', { uri: 'slow.pdf', bytes }, 1).catch(
      (reason) => reason,
    );
    expect(error).toMatchObject({ reason: 'too slow', uri: 'slow.pdf' });
    expect((await parseInThread('application/pdf', { uri: 'a.pdf', bytes })).metadata!.pages).toBe('3');
  });

  test('an abort ends the parsing at once', async () => {
    const bytes = new Uint8Array(fixture('form.pdf'));
    const stop = new AbortController();
    const parsing = parseInThread('application/pdf', { uri: 'a.pdf', bytes, signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(parsing).rejects.toThrow('stopped');
  });
});
