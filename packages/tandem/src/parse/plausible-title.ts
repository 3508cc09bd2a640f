/** A document's stated title, unless a program left its file name or a placeholder there. */
export function plausibleTitle(stated: string | undefined): string | undefined {
  if (stated === undefined || !(severalWords.test(stated) || withoutSpaces.test(stated))) return undefined;
  return placeholder.test(stated.trim()) || fileName.test(stated.trim()) ? undefined : stated;
}

/**
 * Whether a heading is the document's title and not the first of several that are equal to it: none of `others`, those of its rank,
 * may be like it. Numbers before all the others, and none before it, set it apart.
 */
export function isAlone(heading: string, others: readonly string[]): boolean {
  return others.length === 0 || (!isNumbered(heading) && others.every(isNumbered));
}

const isNumbered = (heading: string) =>
  /^(?:\p{L}{3,12}\s+)?(?:\d{1,3}|[IVXL]{1,6}|[A-Z])(?:[.:)]|(?:\.\d{1,3})+\.?|\s+[-–—])?(?:\s|$)/u.test(
    heading,
  ) && /\d|[.:)–—-]/.test(heading.slice(0, 24));

const severalWords = /\p{L}{2,}.*\s.*\p{L}{2,}/u;
/** In scripts that set none between words. */
const withoutSpaces = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]{3}/u;
const placeholder =
  /^(?:untitled|no title|unbenannt|ohne titel|sans titre|sin título|senza titolo|microsoft (?:word|powerpoint|excel)|slide \d|document ?\d*$|dokument ?\d*$|presentation|präsentation|powerpoint|page \d|layout \d|template|title of (?:the )?document|unspecified|無題|无标题)/i;
const fileName = /\.\w{2,5}$|^(?:file:|[a-z]:\\|\/(?:home|users|tmp|var)\/)/i;
