import { parse, postprocess, preprocess } from 'micromark';
import { mdxjs } from 'micromark-extension-mdxjs';

/**
 * The Markdown in an MDX file (MDX 3): without imports, exports, expressions and the tags of components. What is between the tags stays, and of an
 * opening tag what a reader would see of it: a title, a label, a caption. An expression that is only a text is that text. HTML elements
 * stay, as in Markdown. What components hold is often set in, which would be code in Markdown: it is set out again.
 *
 * What is none of MDX's (a comment of HTML, a bare `<`) makes all of it Markdown: nothing is lost.
 */
export function markdownOfMdx(source: string): string {
  const found = partsOf(source);
  if (!found) return source;
  return withoutEmptied(setOut(source, found.tags), source, cutsIn(source, found));
}

interface Span {
  start: number;
  end: number;
}

/** A tag of a component or an element. */
interface Tag extends Span {
  name: string;
  form: 'opening' | 'closing' | 'alone';
  /** On lines of its own, and not among words. */
  isBlock: boolean;
  /** Attributes with a text for readers. */
  said: string[];
}

/** An import, an export or an expression; `text` where that is all that it says. */
interface Code extends Span {
  text?: string;
}

interface MdxParts {
  tags: Tag[];
  code: Code[];
}

/** As micromark names what readers see of a tag. */
const textAttributes = new Set(['title', 'label', 'alt', 'summary', 'caption', 'heading', 'description']);

/** Undefined where the source is no MDX. */
function partsOf(source: string): MdxParts | undefined {
  let events: ReturnType<typeof postprocess>;
  try {
    const reader = parse({ extensions: [mdxjs({ addResult: true })] }).document();
    events = postprocess(reader.write(preprocess()(source, undefined, true)));
  } catch {
    return undefined;
  }
  const tags: Tag[] = [];
  const code: Code[] = [];
  let attribute = '';
  for (const [when, token] of events) {
    if (when !== 'enter') continue;
    const span = { start: token.start.offset, end: token.end.offset };
    const text = () => source.slice(span.start, span.end);
    const kind = token.type as string;
    if (/^mdxJsx(?:Flow|Text)Tag$/.test(kind))
      tags.push({ ...span, name: '', form: 'opening', isBlock: kind === 'mdxJsxFlowTag', said: [] });
    else if (kind.endsWith('TagName')) tags.at(-1)!.name = text().trim();
    else if (kind.endsWith('TagClosingMarker')) tags.at(-1)!.form = 'closing';
    else if (kind.endsWith('TagSelfClosingMarker')) tags.at(-1)!.form = 'alone';
    else if (kind.endsWith('TagAttributeNamePrimary')) attribute = text();
    else if (kind.endsWith('TagAttributeValueLiteralValue') && textAttributes.has(attribute))
      tags.at(-1)!.said.push(text());
    else if (kind === 'mdxjsEsm') code.push(span);
    else if (/^mdx(?:Flow|Text)Expression$/.test(kind))
      code.push({ ...span, text: textIn((token as { estree?: Estree }).estree) });
  }
  return { tags, code };
}

/** Of a program's tree only what a text looks like. */
interface Estree {
  body: {
    expression?: { type: string; value?: unknown; quasis?: { value: { cooked?: string | null } }[] };
  }[];
}

/** What an expression says that is a literal: `{'{'}`. */
function textIn(program: Estree | undefined): string {
  const expression = program?.body[0]?.expression;
  if (expression?.type === 'Literal' && typeof expression.value === 'string') return expression.value;
  const [only, ...others] = expression?.type === 'TemplateLiteral' ? (expression.quasis ?? []) : [];
  return (others.length === 0 && only?.value.cooked) || '';
}

/** What takes the place of a span of the source. */
interface Cut extends Span {
  by: string;
}

function cutsIn(source: string, { tags, code }: MdxParts): Cut[] {
  const cuts: Cut[] = [
    ...code.map(({ text = '', ...span }) => ({ ...span, by: text })),
    ...tags
      .filter(({ name }) => !isHtml(name))
      // What a block's tag says is a paragraph of its own.
      .map(({ start, end, said, isBlock }) => ({
        start,
        end,
        by: said.map((text) => text + (isBlock ? '\n' : ' ')).join(''),
      })),
  ].sort((a, b) => a.start - b.start);
  // What only tags part must not run together.
  for (const [at, { start, end }] of cuts.entries()) {
    const next = cuts[at + 1];
    const isBetween = start > 0 && /\S/.test(source[start - 1]!) && next?.start === end;
    if (isBetween && cuts[at]!.by === '') cuts[at]!.by = ' ';
  }
  return cuts;
}

/** Components begin with a capital letter, are members of something, or have no name: `<Tabs>`, `<tabs.Item>`, `<>`. */
const isHtml = (name: string) => /^[a-z][\w-]*$/.test(name);

/** Tags in tags: each level looks at its lines again, and no page has more. */
const deepest = 30;

/** For each line, how many blanks at its beginning are there only because of the tags around it. */
function setOut(source: string, tags: readonly Tag[]): number[] {
  const lines = source.split('\n');
  const starts: number[] = [0];
  for (const line of lines) starts.push(starts.at(-1)! + line.length + 1);
  const lineOf = (offset: number) => {
    let [low, high] = [0, lines.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const indentOf = (line: string) => /^[ \t]*/.exec(line)![0].length;
  const blanks = new Array<number>(lines.length).fill(0);
  const open: Tag[] = [];
  for (const tag of tags) {
    if (!tag.isBlock || tag.form === 'alone') continue;
    if (tag.form === 'opening') {
      if (open.length < deepest) open.push(tag);
      continue;
    }
    const at = open.findLastIndex(({ name }) => name === tag.name);
    if (at < 0) continue;
    const [opening] = open.splice(at) as [Tag];
    const [from, to] = [lineOf(opening.end - 1) + 1, lineOf(tag.start)];
    const inside = lines.slice(from, to).filter((line) => /\S/.test(line));
    if (inside.length === 0) continue;
    const indent = indentOf(lines[lineOf(opening.start)]!);
    const deeper = Math.min(...inside.map(indentOf)) - indent;
    if (deeper > 0) for (let line = from; line < to; line++) blanks[line]! += deeper;
  }
  return blanks;
}

/** The source with its cuts made and its lines set out; of the lines that held nothing else at most one stays between two others. */
function withoutEmptied(blanks: readonly number[], source: string, cuts: readonly Cut[]): string {
  const kept: string[] = [];
  let next = 0;
  let position = 0;
  let wasEmptied = false;
  for (const [index, line] of source.split('\n').entries()) {
    const end = position + line.length;
    const indent = Math.min(blanks[index]!, /^[ \t]*/.exec(line)![0].length);
    let text = '';
    let from = position + indent;
    // A cut may have begun on a line before, or end on one below.
    while (next < cuts.length && cuts[next]!.start < end) {
      const cut = cuts[next]!;
      if (cut.start >= position) text += source.slice(from, Math.max(from, cut.start)) + cut.by;
      from = Math.max(from, cut.end);
      if (cut.end > end) break;
      next++;
    }
    text += source.slice(Math.min(from, end), end);
    const isBlank = !/\S/.test(text);
    const isEmptied = isBlank && /\S/.test(line);
    const isAfterBlank = kept.length === 0 || !/\S/.test(kept.at(-1)!);
    if (!(isBlank && isAfterBlank && (isEmptied || wasEmptied))) kept.push(isBlank ? '' : text);
    wasEmptied = isEmptied || (isBlank && wasEmptied);
    position = end + 1;
  }
  return kept.join('\n');
}
