import MarkdownIt, { type Token } from 'markdown-it';

/**
 * What Markdown says, on one line and without its marks, for a person who reads it where it is not rendered. Links and images become
 * their words; list marks and the bars of tables stay, since they part what would run together. A document's text keeps all marks
 * (`parseMarkdown`), so that what is quoted of it is exact.
 *
 * @param document the text that `markdown` is from: links may have their addresses elsewhere in it
 */
export function markdownText(markdown: string, document = ''): string {
  const definitions = {};
  if (/^ {0,3}\[[^\]\n]+\]:/m.test(document)) reader.parse(document, definitions);
  return reader.parse(markdown, definitions).map(wordsOf).join(' ').replace(/\s+/g, ' ').trim();
}

/** A row of a table alone is none, so tables are read as words; what is set in is no code where it is read without what is around it. */
const reader = new MarkdownIt({ html: true }).disable(['table', 'code']);

function wordsOf({ type, content, info, markup, children }: Token): string {
  switch (type) {
    case 'list_item_open':
      return `${info}${markup}`;
    case 'inline':
      return children!.map(wordsInLine).join('');
    case 'fence':
      return content;
    case 'html_block':
      return content.replace(/<!--[\s\S]*?-->|<[^<>]*>/g, ' ');
    default:
      return '';
  }
}

function wordsInLine({ type, content, children }: Token): string {
  switch (type) {
    case 'image':
      return children!.map(wordsInLine).join('');
    case 'softbreak':
    case 'hardbreak':
      return ' ';
    case 'html_inline':
      return /^<br\b/i.test(content) ? ' ' : '';
    default:
      return content;
  }
}
