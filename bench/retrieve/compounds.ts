/**
 * What looking for the endings of compounds buys, on manual pages in German, Dutch, Danish and Finnish: the page is to be found by its
 * one-line description among the texts of all pages, from which that line is removed. No one asks so; but no collection of questions in
 * these languages is at hand, and Debian has the pages everywhere:
 *
 *     apt-get download manpages-de manpages-nl manpages-da manpages-fi
 *     for package in *.deb; do dpkg-deb -x $package pages; done
 *     node bench/retrieve/compounds.ts pages
 */
import { globSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { endingsOf, endingTerm } from '../../packages/tandem/src/text/compounds.ts';
import { documentTermsOf, queryTermsOf, termsOf } from '../../packages/tandem/src/text/terms.ts';
import { searchOver } from './search-terms.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name the folder that the packages were unpacked in.');

console.log('| language | pages | analysis | first | nDCG@10 | terms a page |\n|---|---|---|---|---|---|');
for (const language of ['da', 'de', 'fi', 'nl']) {
  const pages = pagesIn(join(folder, 'usr', 'share', 'man', language));
  const plain = (text: string) => termsOf(text, language);
  const marked = (text: string) => documentTermsOf(text, language);
  const known = new Set(pages.flatMap(({ text }) => plain(text)));
  const back = (query: string) => queryTermsOf(query, [language]);
  const asEnding = (query: string, which: (term: string) => boolean) =>
    plain(query)
      .filter(which)
      .flatMap((term) => endingTerm(term) ?? []);
  report('as English', (text) => termsOf(text));
  report('words of the language', plain);
  report('and 5-grams of long words', (text) =>
    plain(text).flatMap((term) => (endingsOf(term).length === 0 ? [term] : [term, ...grams(term)])),
  );
  report('endings of the query', plain, back);
  report('and endings of unknown words', marked, (query) => [
    ...back(query),
    ...asEnding(query, (term) => !known.has(term)),
  ]);
  report('and endings of all words', marked, (query) => [...back(query), ...asEnding(query, () => true)]);

  function report(
    name: string,
    ofPage: (text: string) => string[],
    ofQuery: (query: string) => string[] = ofPage,
  ): void {
    const search = searchOver(pages.map(({ text }) => ofPage(text)));
    const places = pages.map(({ description }, at) => search(ofQuery(description)).indexOf(at));
    const mean = (values: number[]) =>
      (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3);
    const first = mean(places.map((place) => Number(place === 0)));
    const gain = mean(places.map((place) => (place < 0 ? 0 : 1 / Math.log2(place + 2))));
    console.log(
      `| ${language} | ${pages.length} | ${name} | ${first} | ${gain} | ${search.average.toFixed(0)} |`,
    );
  }
}

function grams(term: string): string[] {
  return Array.from({ length: term.length - 4 }, (_, at) => term.slice(at, at + 5));
}

function pagesIn(manual: string): { description: string; text: string }[] {
  return globSync('man*/*.gz', { cwd: manual })
    .sort()
    .flatMap((file) => {
      if (lstatSync(join(manual, file)).isSymbolicLink()) return [];
      const [, name = '', , ...sections] = gunzipSync(readFileSync(join(manual, file)))
        .toString('utf8')
        .split(/^\.S[Hh]\s+/m);
      const said = /\\-\s+([\s\S]+)/.exec(name) ?? /^\.Nd\s+(.+)/m.exec(name);
      const description = withoutMarkup(said?.[1] ?? '');
      const text = sections
        .map((section) => withoutMarkup(section.replace(/^.*\n/, '')))
        .join(' ')
        .slice(0, 2500)
        .replaceAll(description, ' ');
      return description.split(' ').length < 3 || text.length < 300 ? [] : [{ description, text }];
    });
}

/** Roff's text, roughly. */
function withoutMarkup(roff: string): string {
  return roff
    .replace(/\\f[A-Z]|\\f\([A-Z]+|\\&|\\%/g, '')
    .replace(/\\-/g, '-')
    .replace(/\\\[.*?\]|\\\(../g, ' ')
    .replace(
      /^(?:\.\\"|'\\"|\.(?:so|TH|nf|fi|PP|TP|RS|RE|IP|br|sp|in|EX|EE|ad|ie|el|if|de|ds|nh)\b).*$/gm,
      '',
    )
    .replace(/^\.[A-Z][A-Za-z]?\s+/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}
