import { DamagedFile } from './office/damaged.ts';
import { type OfficePackage, openPackage } from './office/package.ts';
import { isPageNumberOrFileName } from './office/running-text.ts';
import { childOf, childrenOf, descendantsOf, type XmlElement } from './office/xml.ts';
import type { ParsedBody } from './parsed-body.ts';
import { pipeTable } from './pipe-table.ts';
import { plausibleTitle } from './plausible-title.ts';
import { StructuredText } from './structured-text.ts';

/**
 * A presentation (PresentationML, ECMA-376 part 1, §19) as Markdown: each slide is a page under its title as a heading, or
 * under "Slide 7" where it has none; text in the order of its shapes, lists with their indents, tables, the data of charts,
 * the words of diagrams, and the speaker's notes. What a footer says is kept once, on the first slide that has it; dates and slide
 * numbers are left out.
 */
export function parsePptx(bytes: Uint8Array): ParsedBody {
  const file = openPackage(bytes);
  const presentation = file.xml(file.main);
  const links = new Map(file.relationships(file.main).map((link) => [link.id, link.target]));
  const slides = childrenOf(childOf(presentation, 'sldIdLst'), 'sldId').map((slide) =>
    links.get(slide.attributes['r:id'] ?? ''),
  );
  const output = new StructuredText();
  let hidden = 0;
  let firstTitle: string | undefined;
  const footers = new Set<string>();
  for (const [index, part] of slides.entries()) {
    const root = part === undefined ? undefined : file.xml(part);
    if (!root || part === undefined) throw new DamagedFile(`its slide ${index + 1} is missing`);
    if (root.attributes.show === '0') {
      hidden++;
      continue;
    }
    const title = writeSlide(file, part, root, { page: index + 1, output, footers });
    firstTitle ??= title;
  }
  const { pageTitle, ...metadata } = file.properties();
  metadata.pages = String(slides.length);
  if (hidden > 0) metadata.hiddenSlides = String(hidden);
  const title = plausibleTitle(pageTitle) ?? firstTitle;
  return { text: output.text, blocks: output.blocks, metadata, ...(title ? { title } : {}) };
}

const titles = /^(?:title|ctrTitle)$/;
const furniture = /^(?:dt|ftr|hdr|sldNum|sldImg)$/;

/** Gives the slide's title. */
function writeSlide(
  file: OfficePackage,
  part: string,
  root: XmlElement,
  /** `footers`: those of the slides before. */
  { page, output, footers }: { page: number; output: StructuredText; footers: Set<string> },
): string | undefined {
  const shapes = shapesOf(childOf(childOf(root, 'cSld'), 'spTree'));
  const titled = shapes.find((shape) => titles.test(placeOf(shape) ?? '') && wordsOf(shape) !== '');
  const title = titled && wordsOf(titled);
  const body = new StructuredText();
  const links = file.relationships(part);
  for (const shape of shapes) if (shape !== titled) writeShape(file, links, shape, page, body);
  for (const { target } of links.filter(({ type }) => type === 'diagramData')) {
    const points = descendantsOf(file.xml(target), 'pt').map((point) => wordsOf(point));
    body.add('list', linesOf(points), { page });
  }
  for (const words of shapes.filter((shape) => placeOf(shape) === 'ftr').map(wordsOf)) {
    if (footers.has(words) || isPageNumberOrFileName(words) || words === title) continue;
    footers.add(words);
    body.add('paragraph', words, { page });
  }
  const notes = links.find(({ type }) => type === 'notesSlide');
  const noted = notes && shapesOf(childOf(childOf(file.xml(notes.target), 'cSld'), 'spTree'));
  const words = (noted ?? []).filter((shape) => placeOf(shape) === 'body').map(wordsOf);
  const said = words.filter(Boolean).join('\n');
  if (said !== '') body.add('paragraph', `Notes: ${said}`, { page });
  if (title === undefined && body.text === '') return undefined;
  output.add('heading', `## ${title ?? `Slide ${page}`}`, { level: 2, page });
  for (const { kind, start, end } of body.blocks) output.add(kind, body.text.slice(start, end), { page });
  return title;
}

/** Shapes in the order they were drawn, those of groups in their group's place. */
function shapesOf(tree: XmlElement | undefined): XmlElement[] {
  return childrenOf(tree).flatMap((shape) => {
    if (shape.name === 'grpSp') return shapesOf(shape);
    if (shape.name === 'AlternateContent')
      return shapesOf(childOf(shape, 'Choice') ?? childOf(shape, 'Fallback'));
    return /^(?:sp|graphicFrame|cxnSp)$/.test(shape.name) ? [shape] : [];
  });
}

/** What the slide's layout holds the shape's place for: "title", "body", "ftr"; undefined for a shape of its own. */
function placeOf(shape: XmlElement): string | undefined {
  const place = childOf(childOf(childOf(shape, 'nvSpPr'), 'nvPr'), 'ph');
  return place && (place.attributes.type ?? 'body');
}

function writeShape(
  file: OfficePackage,
  links: { id: string; target: string }[],
  shape: XmlElement,
  page: number,
  output: StructuredText,
): void {
  const place = placeOf(shape);
  if (place !== undefined && furniture.test(place)) return;
  for (const table of descendantsOf(shape, 'tbl')) {
    const rows = childrenOf(table, 'tr').map((row) => childrenOf(row, 'tc').map((cell) => wordsOf(cell)));
    output.add('table', pipeTable(rows), { page });
  }
  for (const chart of descendantsOf(shape, 'chart')) {
    const target = links.find(({ id }) => id === chart.attributes['r:id'])?.target;
    const root = target === undefined ? undefined : file.xml(target);
    if (root) writeChart(root, page, output);
  }
  const paragraphs = childrenOf(childOf(shape, 'txBody'), 'p').flatMap((paragraph) => {
    const text = paragraphText(paragraph);
    const properties = childOf(paragraph, 'pPr');
    const depth = Math.min(Number(properties?.attributes.lvl ?? 0) || 0, 8);
    // A body's paragraphs have bullets unless one says not; other boxes' have none unless one says so.
    const marked = childrenOf(properties).find(({ name }) =>
      /^bu(?:None|Char|AutoNum|Blip)$/.test(name),
    )?.name;
    const isItem = marked ? marked !== 'buNone' : place === 'body' || depth > 0;
    return text === '' ? [] : [{ text, depth, isItem }];
  });
  const isList = paragraphs.length > 1;
  let lines: string[] = [];
  const flush = () => {
    output.add('list', lines.join('\n'), { page });
    lines = [];
  };
  for (const { text, depth, isItem } of paragraphs) {
    if (isList && isItem) lines.push(`${'  '.repeat(depth)}- ${text.replace(/\s+/g, ' ')}`);
    else {
      flush();
      output.add(place === 'subTitle' ? 'caption' : 'paragraph', text, { page });
    }
  }
  flush();
}

/** Titles and the values last computed, a row for each category (DrawingML charts, ECMA-376 part 1, §21.2). */
function writeChart(root: XmlElement, page: number, output: StructuredText): void {
  const [title] = descendantsOf(root, 'title').map(wordsOf);
  if (title) output.add('caption', title, { page });
  const points = (parent: XmlElement | undefined) =>
    new Map(descendantsOf(parent, 'pt').map((point) => [point.attributes.idx ?? '', pointText(point)]));
  const series = descendantsOf(root, 'ser').map((one) => ({
    name: [...points(childOf(one, 'tx')).values()].join(' '),
    categories: points(childOf(one, 'cat') ?? childOf(one, 'xVal')),
    values: points(childOf(one, 'val') ?? childOf(one, 'yVal')),
  }));
  const keys = [
    ...new Set(series.flatMap(({ categories, values }) => [...categories.keys(), ...values.keys()])),
  ];
  if (keys.length === 0 || keys.length > 1000) return;
  const label = (key: string) => series.map(({ categories }) => categories.get(key)).find(Boolean) ?? '';
  output.add(
    'table',
    pipeTable([
      ['', ...series.map(({ name }) => name)],
      ...keys.map((key) => [label(key), ...series.map(({ values }) => values.get(key) ?? '')]),
    ]),
    { page },
  );
}

function pointText(point: XmlElement): string {
  const words = childrenOf(point, 'v').flatMap(({ children }) =>
    children.filter((node) => typeof node === 'string'),
  );
  const text = words.join('').trim();
  // Sums computed in binary carry their rounding: 0.30000000000000004.
  return /^-?\d+\.\d{12,}/.test(text) ? String(Number(Number(text).toPrecision(12))) : text;
}

function wordsOf(shape: XmlElement): string {
  return descendantsOf(shape, 'p').map(paragraphText).filter(Boolean).join(' ').replace(/\s+/g, ' ').trim();
}

function paragraphText(paragraph: XmlElement): string {
  return childrenOf(paragraph)
    .map((run) =>
      run.name === 'br'
        ? '\n'
        : /^(?:r|fld)$/.test(run.name)
          ? runText(run)
          : descendantsOf(run, 't').map(plain).join(''),
    )
    .join('')
    .replace(/[\v\f]/g, '\n')
    .replace(/[ \t\u00a0]+/g, ' ')
    .replace(/ *\n */g, '\n')
    .trim();
}

function runText(run: XmlElement): string {
  return childrenOf(run, 't').map(plain).join('');
}

function plain(element: XmlElement): string {
  return element.children.filter((node) => typeof node === 'string').join('');
}

function linesOf(items: string[]): string {
  return items
    .filter(Boolean)
    .map((item) => `- ${item}`)
    .join('\n');
}
