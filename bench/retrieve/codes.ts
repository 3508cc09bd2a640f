/**
 * Questions that name what they are about by a code: an aircraft's registration or an accident's number, which stand once or twice in a report
 * of several pages. Is the right report first? And where the cause is asked, is the passage with it?
 *
 *     node bench/retrieve/codes.ts [--data DIR] [--reports 40]
 *
 * The reports are the NTSB's in shared/data/pdf: forms that are nearly alike. Their codes are read from their own texts.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCatalog } from '../../packages/tandem/src/catalog/sqlite-catalog.ts';
import { ingest } from '../../packages/tandem/src/ingest/ingest.ts';
import { fetchModel } from '../../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../../packages/tandem/src/models/local-embedder.ts';
import { createRetriever } from '../../packages/tandem/src/retrieve/retriever.ts';
import type { Source } from '../../packages/tandem/src/sources/source.ts';
import { openLanceStore } from '../../packages/tandem/src/store/lancedb/lance-store.ts';

const { values: flags } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: join(import.meta.dirname, '../../../shared/data/pdf/ntsb-aviation-incident-accident-reports'),
    },
    reports: { type: 'string', default: '40' },
  },
});

const templates: { asks: string; question: (codes: Codes) => string; answer?: RegExp }[] = [
  {
    asks: 'the probable cause of the N… crash',
    question: ({ registration }) => `what was the probable cause of the ${registration} crash`,
    answer: /probable cause/i,
  },
  { asks: 'why did N… crash', question: ({ registration }) => `why did ${registration} crash` },
  {
    asks: 'was the pilot of N… hurt',
    question: ({ registration }) => `was the pilot of ${registration} hurt`,
  },
  {
    asks: 'how much experience had the pilot',
    question: ({ registration }) => `how much experience did the pilot of ${registration.toLowerCase()} have`,
  },
  { asks: 'accident …: weather', question: ({ accident }) => `accident ${accident} weather at the time` },
  { asks: 'the code alone', question: ({ registration }) => registration },
];
interface Codes {
  registration: string;
  accident: string;
}

const files = readdirSync(flags.data)
  .filter((name) => name.endsWith('.pdf'))
  .sort()
  .slice(0, Number(flags.reports));
const source: Source = {
  id: 'reports',
  async *list() {
    for (const uri of files) yield { uri, changeMark: '1', mediaType: 'application/pdf' };
  },
  load: async ({ uri }) => ({ bytes: readFileSync(join(flags.data, uri)) }),
};

const work = mkdtempSync(join(tmpdir(), 'tandem-bench-codes-'));
try {
  await using embedder = await openLocalEmbedder({
    path: (await fetchModel('local:all-minilm-l6-v2')).path,
  });
  await using catalog = await openCatalog(join(work, 'catalog.sqlite'));
  await using store = await openLanceStore(join(work, 'index'));
  const chunking = { maxTokens: 200, overlapTokens: 30 };
  const { index } = await ingest({ catalog, store, embedder, sources: [source], chunking });

  const codes = new Map<string, Codes>();
  for await (const { id, text } of catalog.documents.all()) {
    const registration = /\bN\d{1,5}[A-Z]{0,2}\b/.exec(text)?.[0];
    const accident = /\b[A-Z]{3}\d{2}[A-Z]{2}\d{3}[A-Z]?\b/.exec(text)?.[0];
    if (registration && accident && registration.length >= 5) codes.set(id, { registration, accident });
  }
  console.log(`${index.documents} reports in ${index.chunks} chunks; ${codes.size} with both codes\n`);

  const retriever = createRetriever({ catalog, store, embedder });
  console.log(
    '| asked | n | its report first | in ten | its passage first |\n| --- | --- | --- | --- | --- |',
  );
  const all = { asked: 0, first: 0, inTen: 0 };
  for (const { asks, question, answer } of templates) {
    let [first, inTen, passage] = [0, 0, 0];
    for (const [id, each] of codes) {
      const { passages } = await retriever.retrieve(question(each), { k: 10 });
      const place = passages.findIndex(({ documentId }) => documentId === id);
      first += Number(place === 0);
      inTen += Number(place >= 0);
      passage += Number(
        place === 0 && answer?.test(`${passages[0]!.headingPath.join(' ')} ${passages[0]!.text}`),
      );
    }
    console.log(`| ${asks} | ${codes.size} | ${first} | ${inTen} | ${answer ? passage : ''} |`);
    all.asked += codes.size;
    all.first += first;
    all.inTen += inTen;
  }
  console.log(`| all | ${all.asked} | ${all.first} | ${all.inTen} | |`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
