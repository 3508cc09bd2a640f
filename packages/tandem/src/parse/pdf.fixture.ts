/** A page that says "What page N says.", or one of the ways in which a page can say nothing. */
export type PageKind = 'text' | 'picture' | 'outlines' | 'frame' | 'blank' | 'damaged';

/** A small PDF with these pages. */
export function pdfOf(pages: PageKind[]): Uint8Array {
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    `<</Type/Pages/Count ${pages.length}/Kids[${pages.map((_, index) => `${5 + 2 * index} 0 R`).join(' ')}]>>`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
    stream('/Type/XObject/Subtype/Image/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8', 'abcd'),
  ];
  for (const [index, kind] of pages.entries()) {
    objects.push(
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>/XObject<</I 4 0 R>>>>/Contents ${6 + 2 * index} 0 R>>`,
      // A stream that says it is compressed and is not.
      kind === 'damaged'
        ? stream('/Filter/FlateDecode', '\x78\x9c\xff\xff\xff\xff')
        : stream('', drawing(kind, index + 1)),
    );
  }
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const size = objects.length + 1;
  file += `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join('')}trailer<</Size ${size}/Root 1 0 R>>\nstartxref\n${file.length}\n%%EOF`;
  return new Uint8Array(Buffer.from(file, 'latin1'));
}

function stream(entries: string, content: string): string {
  return `<<${entries}/Length ${content.length}>>stream\n${content}\nendstream`;
}

function drawing(kind: PageKind, number: number): string {
  switch (kind) {
    case 'text':
      return `BT /F 10 Tf 50 600 Td (What page ${number} says.) Tj ET`;
    case 'picture':
      return 'q 500 0 0 700 50 50 cm /I Do Q';
    case 'outlines':
      return Array.from(
        { length: 40 },
        (_, letter) => `${10 * letter} 500 m ${10 * letter + 8} 500 l ${10 * letter + 4} 512 l h f`,
      ).join('\n');
    case 'frame':
      return '20 20 555 802 re S';
    default:
      return '';
  }
}
