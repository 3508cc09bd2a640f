import type { Span } from '../text/sentences.ts';

/**
 * Lines of a text that say nothing by themselves, without their line breaks: images and badges, links alone, definitions of links, tags of
 * HTML, entries of a table of contents with its dots, and the fences of code that have lost their code.
 */
export function unsaidLines(text: string): Span[] {
  return [...text.matchAll(/^[^\S\n]*(\S[^\n]*?)[^\S\n]*$/gm)]
    .filter(([, line]) => isUnsaid(line!))
    .map(({ index, 0: line }) => ({ start: index, end: index + line.length }));
}

/** Whether a line, or an item of a list, only shows or names what is elsewhere. */
export function isUnsaid(line: string): boolean {
  return fence.test(line) || linkDefinition.test(line) || contentsEntry.test(line) || isLinksAlone(line);
}

/** Backticks or tildes with at most a language behind them: with more, it is code on one line. */
export const fence = /^(?:>\s*)*(?:`{3,}|~{3,})[^\s`]*(?:[^\S\n]*\{[^}\n]*\})?[^\S\n]*$/;
/** What an item of a list begins with. */
export const itemMarker = /^(?:[-+*•‣▪]|\d{1,3}[.)])\s+(?=\S)/;
const linkDefinition = /^\[[^\]\n]+\]:\s+\S+(?:\s+(?:"[^"]*"|'[^']*'|\([^)]*\)))?$/;
/** "Chapter one ........ 12". */
const contentsEntry = /(?:\.\s?|…\s?|·\s?){4,}\s*(?:\d{1,4}|[ivxlc]{1,6})$/i;

const image = /!\[[^\]]*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])/g;
const link = /(?<!!)\[([^\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])/g;
const directive =
  /^(?:\.\.\s+(?:\|[^|]*\|\s+)?(?:image|figure|contents)::.*|image::?\S+\[.*\]|\[\[?_?toc_?\]?\])$/i;
const tag = /<\/?[a-z][^<>\n]*>/gi;
const address = /<?\b(?:https?|mailto|ftp):[^\s<>]+>?/gi;

/** A link may be a sentence; an address alone may be what was asked for, where no link is beside it. */
function isLinksAlone(whole: string): boolean {
  if (directive.test(whole)) return true;
  const line = whole.replace(itemMarker, '');
  const shown = line.replace(image, ' ');
  let links = 0;
  const rest = shown.replace(link, (own, words: string) => {
    links++;
    return isSentence(words) ? own : ' ';
  });
  const isChanged = rest !== line || tag.test(line);
  tag.lastIndex = 0;
  if (!isChanged) return false;
  const plain = rest.replace(tag, ' ');
  const bare = links > 0 || shown !== line ? plain.replace(address, ' ') : plain;
  const words = bare.match(/[\p{L}\p{N}]+/gu) ?? [];
  // "See also:" before some of them.
  return words.length <= (links > 1 ? 3 : 0);
}

const isSentence = (words: string) => /[.!。！।]$/u.test(words) && words.trim().split(/\s+/).length > 4;
