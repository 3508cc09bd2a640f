import { Readability } from '@mozilla/readability';
import { decodeText, encodingMetadata } from './decode-text.ts';
import { type HtmlDocument, parseHtmlDocument } from './html-document.ts';
import { latin1 } from './latin1.ts';
import { OversizedFile } from './office/damaged.ts';
import { isMenu, lengthOf, removeFurniture } from './page-furniture.ts';
import type { ParsedBody } from './parsed-body.ts';
import { pipeTable, tableWithoutNames } from './pipe-table.ts';
import { StructuredText } from './structured-text.ts';

/**
 * The main content of a page, written as Markdown: headings, paragraphs, lists, pipe tables, code. Menus, banners, footers,
 * forms and hidden parts are left out. The content is `<main>` or the one `<article>` where there is one, else what
 * Mozilla's Readability finds if that is most of the page's text and all of its tables, lists and code, else the whole body.
 */
export function parseHtml(
  bytes: Uint8Array,
  uri: string,
  { mediaType, named }: { mediaType?: string; named?: string | undefined } = {},
): ParsedBody {
  const { text: html, ...decoded } = decodeText(bytes, uri, {
    declared: declaredCharset(bytes, mediaType),
    named,
  });
  const document = parseHtmlDocument(html);
  const metadata = metadataOf(document);
  Object.assign(metadata, encodingMetadata(decoded));
  const stated = titleOf(document, metadata);
  for (const element of document.querySelectorAll(neverContent)) element.remove();
  // While a layer is open over a page, some scripts hide the page itself from those who listen to it.
  for (const element of document.querySelectorAll('[aria-hidden="true"]'))
    if (!element.querySelector('h1, main, article, [role="main"]')) element.remove();
  removeFurniture(document);
  removePermalinks(document);
  const headings = headingsIn(document.documentElement as unknown as Element);
  const root = mainContent(document, stated);
  const inRoot = headingsIn(root);
  // The site's name may be a heading of the first rank above every page: `<title>` ends with it.
  const [only] = headings;
  const isSite = headings.length === 1 && inRoot.length === 0 && titleParts(stated).slice(1).at(-1) === only;
  const firstRank = isSite ? [] : headings.length > 1 && inRoot.length === 1 ? inRoot : headings;
  const writer = new HtmlWriter();
  // Readability takes the page's heading off or lowers its rank, and some sites put it above `<main>`.
  if (firstRank.length === 1 && firstRank[0] !== '' && !root.querySelector('h1')) {
    const lowered = root.querySelector('h2');
    if (lowered && oneLine(lowered.textContent ?? '') === firstRank[0]) lowered.remove();
    writer.output.add('heading', `# ${firstRank[0]}`, { level: 1 });
  }
  writer.writeBlocks(root, 0);
  writer.flush();
  const { text, blocks } = writer.output;
  const opening = oneLine(root.querySelector('h1, h2')?.textContent ?? '');
  const inShort = titleParts(stated).find((part) => part === opening) ?? stated;
  const title = firstRank.length === 1 && firstRank[0] !== '' ? firstRank[0] : inShort;
  return { text, blocks, metadata, ...(title ? { title } : {}) };
}

/**
 * Takes the sign off that a heading has as a link to itself ("Options¶", "#", "§", a chain as a picture): documentation generators put one beside each
 * heading, term and caption.
 */
function removePermalinks(document: HtmlDocument): void {
  for (const link of document.querySelectorAll(linksOfHeadings)) {
    if (!/#/.test(link.getAttribute('href') ?? '') || /[\p{L}\p{N}]/u.test(link.textContent ?? '')) continue;
    // A heading that is nothing else has a picture, or a sign for its name.
    if (lengthOf(link.closest(headed)!) > lengthOf(link)) link.remove();
  }
}

const headed = 'h1, h2, h3, h4, h5, h6, dt, caption, figcaption, .caption';
const linksOfHeadings = headed.replaceAll(/[^ ,]+/g, '$& a[href]');

/** Those of the first rank. */
function headingsIn(element: Element): string[] {
  return [...element.querySelectorAll('h1')].map((heading) => oneLine(heading.textContent ?? ''));
}

const neverContent =
  'title, meta, link, base, script, style, noscript, template, svg, canvas, iframe, object, embed, button, select, input, textarea, [hidden], [style*="display:none"], [style*="display: none"]';
const chrome =
  'nav, footer, aside, header:not(main header, article header), [role="navigation"], [role="banner"], [role="contentinfo"], [role="search"], [role="complementary"]';

/** The charset that HTTP or the page's first kilobytes declare (WHATWG HTML §13.2.3.2, without its byte-level details). */
function declaredCharset(bytes: Uint8Array, mediaType: string | undefined): string | undefined {
  const inHeader = /charset\s*=\s*["']?([\w-]+)/i.exec(mediaType ?? '')?.[1];
  const head = latin1(bytes.subarray(0, 4096));
  const declared =
    inHeader ??
    /<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w-]+)/i.exec(head)?.[1] ??
    /^<\?xml[^>]*encoding\s*=\s*["']([\w-]+)/i.exec(head)?.[1];
  // A page that can be read for its declaration is not in UTF-16, whatever it says.
  return declared && /^utf-16/i.test(declared) && !inHeader ? 'utf-8' : declared;
}

function metadataOf(document: HtmlDocument): Record<string, string> {
  const metadata: Record<string, string> = {};
  const take = (name: string, value: string | null | undefined) => {
    const clean = value?.replace(/\s+/g, ' ').trim();
    if (clean) metadata[name] ??= clean;
  };
  const content = (selector: string) => document.querySelector(selector)?.getAttribute('content');
  take('language', document.documentElement?.getAttribute('lang'));
  take('description', content('meta[name="description"]') ?? content('meta[property="og:description"]'));
  take('author', content('meta[name="author"]'));
  take('published', content('meta[property="article:published_time"]') ?? content('meta[name="date"]'));
  take('url', document.querySelector('link[rel="canonical"]')?.getAttribute('href'));
  return metadata;
}

/** `<title>`, without the site's name where the page states it. */
function titleOf(document: HtmlDocument, metadata: Record<string, string>): string {
  const whole = oneLine(document.querySelector('title')?.textContent ?? '');
  const site = document.querySelector('meta[property="og:site_name"]')?.getAttribute('content')?.trim();
  const parts = titleParts(whole);
  if (parts.length > 1) metadata.pageTitle = whole;
  return parts.length > 1 && parts.at(-1) === site ? parts.slice(0, -1).join(' - ') : whole;
}

/** What and where: a page's name, its part of the site, the site. */
const titleParts = (title: string) => title.split(/ [|–—·»-] /);

function mainContent(document: HtmlDocument, title: string): Element {
  const body = document.documentElement as unknown as Element;
  const mains = document.querySelectorAll('main, [role="main"]');
  const articles = document.querySelectorAll('article');
  for (const candidates of [mains, articles]) {
    if (candidates.length === 1 && lengthOf(candidates[0]!) > 0) {
      const [only] = candidates as unknown as Element[];
      removeChrome(only!);
      if (lengthOf(only!) > 0) return only!;
    }
  }
  const menus = [...body.querySelectorAll(chrome)];
  removeChrome(body);
  const rest = lengthOf(body);
  if (rest === 0) {
    // A page that is nothing but a header or a menu: that is its content.
    for (const menu of menus) body.append(menu);
    return body;
  }
  // A short page gives Readability too little to judge by.
  const found = rest < 500 || depthOf(body) > deepest ? undefined : readable(document, title);
  // Readability is made for articles: on a page of lists or tables it may keep a corner of it, or their words only.
  return found && lengthOf(found) >= 0.6 * rest && keepsStructure(found, body) ? found : body;
}

/**
 * Whether all that is more than paragraphs came through. Readability makes a `<div>` of the element it takes for the content,
 * rows without a table where that was one, and drops what is beside it. Lists and tables of links may go: they are
 * menus; so may tables of one row: they lay a page out.
 */
function keepsStructure(found: Element, body: Element): boolean {
  if ([...found.querySelectorAll('tr')].some((row) => !row.closest('table'))) return false;
  const partsOf = (root: Element, selector: string, counts: (element: Element) => boolean) =>
    [...root.querySelectorAll(selector)].filter((element) => lengthOf(element) > 0 && counts(element)).length;
  const keeps = (selector: string, counts: (element: Element) => boolean) =>
    partsOf(found, selector, counts) >= partsOf(body, selector, counts);
  return (
    keeps('pre', () => true) &&
    keeps('ul, ol, dl', (list) => !isMenu(list)) &&
    keeps('table', (table) => table.querySelectorAll('tr').length > 1 && isDataTable(table) && !isMenu(table))
  );
}

function readable(document: HtmlDocument, title: string): Element | undefined {
  const copy = document.cloneNode(true) as unknown as Document;
  // It compares headings with the page's title.
  copy.title = title;
  try {
    const article = new Readability<Element>(copy, {
      maxElemsToParse: 20_000,
      charThreshold: 200,
      serializer: (content) => content as Element,
    }).parse();
    if (!article?.content) return undefined;
    return article.content as unknown as Element;
  } catch {
    // Too many elements, or a tree it stumbles on: the caller takes the whole body, so that no text is lost.
    return undefined;
  }
}

function removeChrome(root: Element): void {
  for (const element of root.querySelectorAll(chrome)) element.remove();
}

function depthOf(root: Element): number {
  let depth = 0;
  let deepest = 0;
  for (let node: Node | null = root; node; ) {
    if (node.firstChild) {
      node = node.firstChild;
      deepest = Math.max(deepest, ++depth);
      continue;
    }
    while (node && node !== root && !node.nextSibling) {
      node = node.parentNode;
      depth--;
    }
    node = !node || node === root ? null : node.nextSibling;
  }
  return deepest;
}

const blockElements = new Set(
  'address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu nav ol p pre search section summary table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
);
/** Deeper trees are no one's writing; what is below is taken as one run of words. */
const deepest = 300;

class HtmlWriter {
  readonly output = new StructuredText();
  #paragraph = '';

  flush(): void {
    // Two line breaks are how some pages part paragraphs.
    for (const paragraph of this.#paragraph.split(/\n[ \n]*\n/))
      this.output.add('paragraph', tidy(paragraph));
    this.#paragraph = '';
  }

  writeBlocks(parent: Node, depth: number): void {
    for (let node = parent.firstChild; node; node = node.nextSibling) {
      const element = node as Element;
      const name = node.nodeType === 1 ? element.localName.toLowerCase() : '';
      if (name === '' || depth > deepest || !(blockElements.has(name) || holdsBlocks(element))) {
        this.#paragraph += inlineText(node, depth);
        continue;
      }
      this.flush();
      this.#writeBlock(element, name, depth);
      this.flush();
    }
  }

  #writeBlock(element: Element, name: string, depth: number): void {
    const level = /^h([1-6])$/.exec(name)?.[1];
    if (level !== undefined) {
      const words = oneLine(inlineText(element, depth));
      if (words !== '')
        this.output.add('heading', `${'#'.repeat(Number(level))} ${words}`, { level: Number(level) });
    } else if (name === 'pre') {
      const code = (element.textContent ?? '').replace(/\s+$/, '').replace(/^\n/, '');
      const fence = '`'.repeat(Math.max(3, ...[...code.matchAll(/`+/g)].map((run) => run[0].length + 1)));
      if (/\S/.test(code)) this.output.add('code', `${fence}\n${code}\n${fence}`);
    } else if (isList(element) && isPlainList(element)) {
      const lines: string[] = [];
      writeList(element, 0, depth, lines);
      this.output.add('list', lines.join('\n'));
    } else if (name === 'figcaption' && !holdsBlocks(element)) {
      this.output.add('caption', oneLine(inlineText(element, depth)));
    } else if (name === 'table' && isDataTable(element)) {
      const caption = element.querySelector('caption');
      if (caption) this.output.add('caption', oneLine(inlineText(caption, depth)));
      const { kind, text } = tableOf(element, depth);
      this.output.add(kind, text);
    } else {
      this.writeBlocks(element, depth + 1);
    }
  }
}

function holdsBlocks(element: Element): boolean {
  for (const child of element.getElementsByTagName('*')) {
    if (blockElements.has(child.localName.toLowerCase())) return true;
  }
  return false;
}

/**
 * Text of a node with white space run together, `\n` for `<br>`, and a space between blocks. Lists are given to `onList`,
 * where there is one.
 */
function inlineText(node: Node, depth: number, onList?: (list: Element) => void): string {
  if (node.nodeType === 3) {
    return (node.textContent ?? '').replace(/[\u00ad\u200b\u2060\ufeff]/g, '').replace(/[\s\u00a0]+/g, ' ');
  }
  if (node.nodeType !== 1) return '';
  const element = node as Element;
  const name = element.localName.toLowerCase();
  if (name === 'br') return '\n';
  if (depth > deepest) return ` ${(element.textContent ?? '').replace(/[\s\u00a0]+/g, ' ')} `;
  if (onList && isList(element)) {
    onList(element);
    return ' ';
  }
  let text = '';
  for (let child = node.firstChild; child; child = child.nextSibling)
    text += inlineText(child, depth + 1, onList);
  return blockElements.has(name) ? ` ${text} ` : text;
}

function tidy(text: string): string {
  return text
    .replace(/ *\n */g, '\n')
    .replace(/ {2,}/g, ' ')
    .trim();
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** A list whose items hold sections or tables is a page's layout. */
function isPlainList(list: Element): boolean {
  return !list.querySelector('h1, h2, h3, h4, h5, h6, table, pre');
}

/** Characters: longer terms are not said again with each definition, nor longer cells in each row that they span. */
const mostRepeated = 80;

function isList(element: Element): boolean {
  return /^(?:ul|ol|menu|dl)$/i.test(element.localName);
}

/**
 * A line for each item, and for each definition `- term: definition`; lists in it are indented below. What is between
 * items, which no list should have, gets a line too.
 */
function writeList(list: Element, indent: number, depth: number, lines: string[]): void {
  const isOrdered = list.localName.toLowerCase() === 'ol';
  let number = Number.parseInt(list.getAttribute('start') ?? '1', 10) || 1;
  let terms: string[] = [];
  let isDefined = false;
  let between = '';
  const write = (marker: string, words: string) => {
    if (oneLine(words) !== '') lines.push(`${'  '.repeat(indent)}${marker} ${oneLine(words)}`);
  };
  const flush = () => {
    write('-', between);
    between = '';
  };
  /** `line` makes the line of an item's words; the item's own lists come below it. */
  const writeItem = (item: Element, at: number, line: (words: string, hasLists: boolean) => void) => {
    flush();
    const lists: Element[] = [];
    // The item itself may be a list: one that is in another without an item around it.
    const words = inlineText(item, at, (inner) => lists.push(inner));
    line(oneLine(words), lists.length > 0);
    for (const inner of lists) writeList(inner, indent + 1, at + 1, lines);
  };
  const visit = (parent: Element, at: number) => {
    for (let node = parent.firstChild; node; node = node.nextSibling) {
      const element = node as Element;
      const name = node.nodeType === 1 ? element.localName.toLowerCase() : '';
      if (name === 'dt') {
        if (isDefined) terms = [];
        isDefined = false;
        writeItem(element, at, (words) => words !== '' && terms.push(words));
      } else if (name === 'dd') {
        writeItem(element, at, (words, hasLists) => {
          if (words === '' && !hasLists) return;
          const term = terms.join(', ');
          const isSaid = term !== '' && !(isDefined && term.length > mostRepeated);
          write('-', isSaid ? `${term}: ${words}` : words);
          isDefined = true;
        });
      } else if (name === 'div' && at < deepest && list.localName.toLowerCase() === 'dl') {
        visit(element, at + 1);
      } else if (blockElements.has(name)) {
        writeItem(element, at, (words) => {
          if (words !== '') write(isOrdered && name === 'li' ? `${number++}.` : '-', words);
          else if (isOrdered && name === 'li') number++;
        });
      } else between += inlineText(node, at);
    }
  };
  visit(list, depth + 1);
  flush();
  if (!isDefined) write('-', terms.join(', '));
}

/** A table that holds another, headings or long lists, or has but one cell a row, lays a page out. */
function isDataTable(table: Element): boolean {
  if (/^(?:presentation|none)$/.test(table.getAttribute('role') ?? '')) return false;
  if (table.querySelector('table, h1, h2, h3, pre')) return false;
  for (const row of table.querySelectorAll('tr')) if (row.children.length > 1) return true;
  return false;
}

/** Characters that repeated cells may add to a table. */
const mostAdded = 10_000_000;
/** Characters around a cell: ` | `. */
const cellMarks = 3;

/**
 * Cells are in the columns where a browser shows them (HTML §4.9.12, "forming a table"): what spans rows keeps its column in
 * each, and says there the same, so that a row can be understood alone. What spans columns is in the first.
 */
function tableOf(table: Element, depth: number): { kind: 'table' | 'list'; text: string } {
  const lines: string[][] = [];
  let spanning: ({ words: string; lastRow: number } | undefined)[] = [];
  let group: Element | null = null;
  let added = 0;
  const addSpanned = (cells: string[], words: string) => {
    added += words.length + cellMarks;
    if (added > mostAdded)
      throw new OversizedFile(`the merged cells of a table add more than ${mostAdded} characters to it`);
    cells.push(words);
  };
  let width = 0;
  for (const [number, row] of table.querySelectorAll('tr').entries()) {
    // No cell reaches below its head, body or foot.
    if (row.parentElement !== group) spanning = [];
    group = row.parentElement;
    const cells: string[] = [];
    const takeSpanning = () => {
      for (let above = spanning[cells.length]; above && above.lastRow >= number; ) {
        addSpanned(cells, above.words);
        above = spanning[cells.length];
      }
    };
    let isEmpty = true;
    for (const cell of row.children) {
      if (!/^t[dh]$/i.test(cell.localName)) continue;
      takeSpanning();
      const words = oneLine(inlineText(cell, depth + 1));
      if (words !== '') isEmpty = false;
      const rows = rowsOf(cell);
      const columns = Math.min(Number.parseInt(cell.getAttribute('colspan') ?? '1', 10) || 1, 50);
      for (let column = 0; column < columns; column++) {
        if (rows > 1)
          spanning[cells.length] = {
            words: column === 0 && words.length <= mostRepeated ? words : '',
            lastRow: number + rows - 1,
          };
        cells.push(column === 0 ? words : '');
      }
    }
    // Those to the right of its last cell, with a gap where a row has too few.
    while (cells.length < spanning.length) {
      takeSpanning();
      if (cells.length < spanning.length) addSpanned(cells, '');
    }
    if (isEmpty) continue;
    width = Math.max(width, cells.length);
    lines.push(cells);
    // Each row is filled up to the widest.
    if (width * lines.length * cellMarks > mostAdded * 10)
      throw new OversizedFile(`a table of it is ${width} columns wide in more than ${lines.length - 1} rows`);
  }
  return namesColumns(table)
    ? { kind: 'table', text: pipeTable(lines) }
    : tableWithoutNames(lines, { isNamed: table.querySelector('th') !== null });
}

/** Its first row is the head: it is in a <thead>, or has nothing but <th>. One <th> a row names the row. */
function namesColumns(table: Element): boolean {
  const filled = [...table.querySelectorAll('tr')].find((row) => oneLine(row.textContent ?? '') !== '');
  if (!filled) return false;
  if (filled.parentElement?.localName.toLowerCase() === 'thead') return true;
  const cells = [...filled.children].filter((cell) => oneLine(cell.textContent ?? '') !== '');
  return cells.every((cell) => cell.localName.toLowerCase() === 'th');
}

/** How many rows a cell spans; `rowspan="0"` is all of its group. */
function rowsOf(cell: Element): number {
  const span = Number.parseInt(cell.getAttribute('rowspan') ?? '1', 10);
  return span === 0 ? Number.POSITIVE_INFINITY : Math.max(span || 1, 1);
}
