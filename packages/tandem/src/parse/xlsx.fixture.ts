import { crc32, deflateRawSync } from 'node:zlib';

/** A workbook of visible sheets, given by the content of their `<worksheet>`, in an archive without compression. */
export function workbookOf(sheets: Record<string, string>, styles = '', properties = ''): Buffer {
  const names = Object.keys(sheets);
  const relationships = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const relationship = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${relationships}/${type}" Target="${target}"/>`;
  const parts: Record<string, string> = {
    '_rels/.rels': `<Relationships>${relationship('a', 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    'xl/workbook.xml': `<workbook xmlns:r="${relationships}">${properties}<sheets>${names.map((name, index) => `<sheet name="${name}" r:id="s${index}"/>`).join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships>${relationship('y', 'styles', 'styles.xml')}${names.map((_, index) => relationship(`s${index}`, 'worksheet', `sheet${index}.xml`)).join('')}</Relationships>`,
    'xl/styles.xml': `<styleSheet>${styles}</styleSheet>`,
  };
  for (const [index, name] of names.entries())
    parts[`xl/sheet${index}.xml`] = `<worksheet>${sheets[name]}</worksheet>`;
  return archiveOf(parts);
}

/** An archive of these parts, without compression unless that is asked for. */
export function archiveOf(parts: Record<string, string>, { deflated = false } = {}): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, words] of Object.entries(parts)) {
    const whole = Buffer.from(words);
    const content = deflated ? deflateRawSync(whole) : whole;
    // What a file's header and its entry in the directory have in common (APPNOTE 6.3.10, §4.3.7 and §4.3.12).
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(deflated ? 8 : 0, 4);
    facts.writeUInt32LE(crc32(whole), 10);
    facts.writeUInt32LE(content.length, 14);
    facts.writeUInt32LE(whole.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(at, 10);
    files.push(Buffer.from('PK\x03\x04'), facts, Buffer.from(name), content);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), facts, entry, Buffer.from(name));
    at += 30 + name.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(Object.keys(parts).length, 8);
  end.writeUInt16LE(Object.keys(parts).length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, ...directory, end]);
}
