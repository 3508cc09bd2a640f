import { childOf, childrenOf, descendantsOf, isOn, type XmlElement } from './xml.ts';

/**
 * What the header or footer of Word's pages says, a line for each paragraph or row of a table: without page numbers, dates of printing
 * and names of files, which fields give or which stand there alone, and with ` | ` between parts that tabs or cells set apart.
 */
export function runningLines(part: XmlElement | undefined): string[] {
  const lines: string[] = [];
  const visit = (parent: XmlElement | undefined) => {
    for (const element of childrenOf(parent)) {
      if (element.name === 'p') {
        const { text, boxes } = read(element);
        lines.push(lineOf(text.split('\t')));
        for (const box of boxes) visit(box);
      } else if (element.name === 'tbl') {
        for (const row of descendantsOf(element, 'tr'))
          lines.push(
            lineOf(
              descendantsOf(row, 'tc').map((cell) =>
                descendantsOf(cell, 'p')
                  .map((paragraph) => lineOf(read(paragraph).text.split('\t')))
                  .filter(Boolean)
                  .join(' '),
              ),
            ),
          );
      } else if (/^(?:sdt|sdtContent|ins|moveTo|smartTag|customXml)$/.test(element.name)) visit(element);
    }
  };
  visit(part);
  return lines.filter(Boolean);
}

/** Stands for what a field computes anew for each page or file. */
const computed = '\ufffc';
const computedFields =
  /^\s*(?:PAGE|NUMPAGES|SECTIONPAGES|SECTION|FILENAME|DATE|TIME|PRINTDATE|SAVEDATE|REVNUM|EDITTIME)\b/i;

function read(paragraph: XmlElement): { text: string; boxes: XmlElement[] } {
  const boxes: XmlElement[] = [];
  /** Fields that are open: their instruction, and whether their result has begun. */
  const fields: { instruction: string; inResult: boolean }[] = [];
  const isComputed = () =>
    fields.some(({ instruction, inResult }) => inResult && computedFields.test(instruction));
  let text = '';
  const add = (words: string) => {
    if (!fields.some(({ inResult }) => !inResult) && !isComputed()) text += words;
  };
  const visit = (parent: XmlElement) => {
    for (const element of childrenOf(parent)) {
      const words = () => element.children.filter((node) => typeof node === 'string').join('');
      switch (element.name) {
        case 't':
          add(words());
          break;
        case 'tab':
        case 'ptab':
          add('\t');
          break;
        case 'br':
        case 'cr':
          add(' ');
          break;
        case 'noBreakHyphen':
          add('-');
          break;
        case 'pgNum':
          text += computed;
          break;
        case 'fldChar':
          if (element.attributes.fldCharType === 'begin') fields.push({ instruction: '', inResult: false });
          else if (element.attributes.fldCharType === 'separate' && fields.length > 0)
            fields.at(-1)!.inResult = true;
          else if (element.attributes.fldCharType === 'end') {
            const field = fields.pop();
            if (field && computedFields.test(field.instruction)) text += computed;
          }
          break;
        case 'instrText':
          if (fields.length > 0) fields.at(-1)!.instruction += words();
          break;
        case 'fldSimple':
          if (computedFields.test(element.attributes.instr ?? '')) text += computed;
          else visit(element);
          break;
        case 'r':
          if (!isOn(childOf(childOf(element, 'rPr'), 'vanish'))) visit(element);
          break;
        case 'AlternateContent':
          visit({ ...element, children: [childOf(element, 'Choice') ?? childOf(element, 'Fallback') ?? ''] });
          break;
        case 'txbxContent':
          boxes.push(element);
          break;
        case 'del':
        case 'moveFrom':
        case 'pPr':
        case 'rPr':
          break;
        default:
          visit(element);
      }
    }
  };
  visit(paragraph);
  return { text, boxes };
}

function lineOf(parts: readonly string[]): string {
  return parts
    .map((part) => part.replace(/\s+/g, ' ').trim())
    .filter((part) => !isPageNumberOrFileName(part))
    .map((part) => part.replaceAll(computed, '').replace(/\s+/g, ' ').trim())
    .join(' | ');
}

/** A page's number with the word or two around it, a number alone, or the name of a file. */
export function isPageNumberOrFileName(part: string): boolean {
  const letters = part.match(/\p{L}/gu)?.length ?? 0;
  if (part.includes(computed)) return letters <= 12 && !/\p{N}/u.test(part);
  if (letters === 0) return true;
  return /^(?:page|seite|p\.?)\s*\d{1,4}(?:\s*(?:of|\/|von)\s*\d{1,4})?$/i.test(part) || isFileName(part);
}

function isFileName(part: string): boolean {
  return /^(?:\S+|(?:[a-z]:)?[\\/].*)\.(?:docx?|docm|dotx?|odt|rtf|pdf|pptx?|xlsx?|txt)$/i.test(part);
}
