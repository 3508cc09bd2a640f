/**
 * What analysing words by the documents' language buys full-text search, on `../shared/data/general/xquad`: Wikipedia paragraphs in five
 * languages and questions whose paragraph is known, searched by words alone (BM25 as stores compute it). Each paragraph is a passage.
 *
 *     node bench/retrieve/languages.ts [--half fit|look] [--data DIR] [--python PATH]
 *
 * Settings are chosen on the questions about the one half of the documents (`fit`, by a hash of the document's name), and the other half
 * (`look`) is only looked at. --python: an interpreter that has `bm25s` and `PyStemmer`, to compare with.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { detectLanguage } from '../../packages/tandem/src/text/language.ts';
import { documentTermsOf, queryTermsOf, termsOf } from '../../packages/tandem/src/text/terms.ts';
import { linesOf } from '../data/json-lines.ts';
import { halfOf } from '../retrieve-general/collections.ts';
import { searchOver } from './search-terms.ts';

const { values: flags } = parseArgs({
  options: {
    half: { type: 'string', default: 'fit' },
    data: {
      type: 'string',
      default: join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'general', 'xquad'),
    },
    python: { type: 'string' },
  },
});

interface Question {
  question: string;
  document: string;
  passage: string;
}

console.log(
  `| language | questions | analysis | first | nDCG@10 | terms a passage |\n|---|---|---|---|---|---|`,
);
for (const language of readdirSync(flags.data).sort()) {
  const questions: Question[] = linesOf(join(flags.data, language, 'questions.jsonl'));
  const passages = [...new Set(questions.map(({ passage }) => passage))];
  const languageOf = new Map<string, string | undefined>();
  for (const { document } of questions)
    if (!languageOf.has(document))
      languageOf.set(
        document,
        await detectLanguage(readFileSync(join(flags.data, language, 'documents', `${document}.md`), 'utf8')),
      );
  const documentOf = new Map(questions.map(({ passage, document }) => [passage, document]));
  const languages = [...new Set(languageOf.values())];
  const asked = questions.filter(({ document }) => halfOf(document) === flags.half);
  const wanted = asked.map(({ passage }) => passages.indexOf(passage));

  const analyses: [name: string, passage: (text: string) => string[], query: (text: string) => string[]][] = [
    ['as English', (text) => termsOf(text), (text) => termsOf(text)],
    [
      'by language',
      (text) => documentTermsOf(text, languageOf.get(documentOf.get(text)!)),
      (text) => queryTermsOf(text, languages),
    ],
  ];
  for (const [name, ofPassage, ofQuery] of analyses) {
    const search = searchOver(passages.map(ofPassage));
    report(
      name,
      asked.map(({ question }) => search(ofQuery(question))),
      search.average,
    );
  }
  if (flags.python !== undefined)
    report(
      'bm25s',
      searchInPython(
        flags.python,
        language,
        passages,
        asked.map(({ question }) => question),
      ),
    );

  function report(name: string, rankings: readonly number[][], average?: number): void {
    const places = rankings.map((ranking, at) => ranking.indexOf(wanted[at]!));
    const share = (values: number[]) =>
      (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3);
    const first = share(places.map((place) => Number(place === 0)));
    const gain = share(places.map((place) => (place < 0 || place > 9 ? 0 : 1 / Math.log2(place + 2))));
    console.log(
      `| ${language} | ${asked.length} | ${name} | ${first} | ${gain} | ${average?.toFixed(0) ?? ''} |`,
    );
  }
}

function searchInPython(
  python: string,
  language: string,
  passages: string[],
  questions: string[],
): number[][] {
  const program = `
import bm25s, json, sys, Stemmer
given = json.load(sys.stdin)
names = {"es": "spanish", "ru": "russian", "tr": "turkish", "hi": "hindi"}
stemmer = Stemmer.Stemmer(names[given["language"]]) if given["language"] in names else None
tokens = lambda texts: bm25s.tokenize(texts, stopwords=None, stemmer=stemmer, show_progress=False)
index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
index.index(tokens(given["passages"]), show_progress=False)
found, _ = index.retrieve(tokens(given["questions"]), k=10, show_progress=False)
print(json.dumps(found.tolist()))`;
  const input = JSON.stringify({ language, passages, questions });
  return JSON.parse(execFileSync(python, ['-c', program], { input, encoding: 'utf8', maxBuffer: 1e8 }));
}
