import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pdfOf } from '../parse/pdf.fixture.ts';
import { workbookOf } from '../parse/xlsx.fixture.ts';
import { makeLetterProject } from '../project/letter-project.fixture.ts';
import { openProject } from '../project/open-project.ts';
import { ingest } from '../runtime/ingest.ts';
import { describeIngest } from './ingest.ts';

test('an ingest tells which pages of a PDF are scanned or damaged, and fails nothing', {
  timeout: 60_000,
}, async () => {
  await using letters = await makeLetterProject({ sources: [{ type: 'files', path: 'documents' }] });
  const pdf = pdfOf(['text', 'picture', 'damaged', 'picture', 'blank']);
  await writeFile(join(letters.directory, 'documents', 'half.pdf'), pdf);
  await using project = await openProject({ directory: letters.directory });
  const report = await ingest(project);
  const uri = 'documents/half.pdf';
  const scanned =
    'pages 2, 4 have no text (scanned?): run OCR (for example `ocrmypdf --skip-text in.pdf out.pdf`) and ingest its result.';
  const damaged = 'page 3 is damaged and is left out: download or export it again.';
  expect(report.problems).toEqual([
    { uri, kind: 'partial', message: scanned },
    { uri, kind: 'partial', message: damaged },
  ]);
  expect(describeIngest(report).split('\n').slice(-2)).toEqual([
    `Read in part: ${uri}: ${scanned}`,
    `Read in part: ${uri}: ${damaged}`,
  ]);
});

test('an ingest tells which formulas of a workbook have no value', { timeout: 60_000 }, async () => {
  await using letters = await makeLetterProject({ sources: [{ type: 'files', path: 'documents' }] });
  const row = '<row r="1"><c r="A1"><v>4</v></c><c r="B1"><f>A1*2</f></c></row>';
  const workbook = workbookOf({ Prices: `<sheetData>${row}</sheetData>` });
  await writeFile(join(letters.directory, 'documents', 'prices.xlsx'), workbook);
  await using project = await openProject({ directory: letters.directory });
  expect((await ingest(project)).problems).toEqual([
    {
      uri: 'documents/prices.xlsx',
      kind: 'partial',
      message:
        'formulas were never computed and their cells are empty (Prices: B1): open it in Excel or LibreOffice, save it, and ingest it again.',
    },
  ]);
});
