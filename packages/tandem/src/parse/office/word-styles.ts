import { childOf, childrenOf, isOn, type XmlElement } from './xml.ts';

/** What a paragraph's style says about its part in the document. */
export interface WordStyle {
  id: string;
  /** Outline level from 1, for headings. */
  level?: number;
  numId?: string;
  depth?: number;
  bold: boolean;
  isTitle: boolean;
  isCaption: boolean;
  /** A line of a table of contents, or of figures. */
  isContents: boolean;
}

/**
 * Paragraph styles by id, with what they take over from the styles they are based on (ECMA-376 part 1, §17.7). The default
 * style is also under the empty id. Built-in styles are known by their names, which Word keeps in English in every language.
 */
export function readStyles(root: XmlElement | undefined): Map<string, WordStyle> {
  const elements = new Map<string, XmlElement>();
  for (const style of childrenOf(root, 'style'))
    if (style.attributes.type === 'paragraph' && style.attributes.styleId !== undefined)
      elements.set(style.attributes.styleId, style);
  const styles = new Map<string, WordStyle>();
  const read = (id: string, above: readonly string[]): WordStyle | undefined => {
    const known = styles.get(id);
    const element = elements.get(id);
    if (known || !element || above.includes(id) || above.length > 20) return known;
    const based = childOf(element, 'basedOn')?.attributes.val;
    const base = based === undefined ? undefined : read(based, [...above, id]);
    const name = (childOf(element, 'name')?.attributes.val ?? id).toLowerCase();
    const paragraph = childOf(element, 'pPr');
    const outline = childOf(paragraph, 'outlineLvl')?.attributes.val;
    const numbers = childOf(paragraph, 'numPr');
    const named = /^heading (\d)$/.exec(name)?.[1];
    const level =
      outline !== undefined
        ? Number(outline) < 9
          ? Number(outline) + 1
          : undefined
        : named
          ? Number(named)
          : base?.level;
    const numId = childOf(numbers, 'numId')?.attributes.val ?? base?.numId;
    const depth = childOf(numbers, 'ilvl')?.attributes.val;
    const bold = childOf(childOf(element, 'rPr'), 'b');
    const style: WordStyle = {
      id,
      ...(level === undefined ? {} : { level }),
      ...(numId === undefined ? {} : { numId }),
      ...(depth !== undefined
        ? { depth: Number(depth) }
        : base?.depth !== undefined
          ? { depth: base.depth }
          : {}),
      bold: bold ? isOn(bold) : (base?.bold ?? false),
      isTitle: name === 'title' || (base?.isTitle ?? false),
      isCaption: name === 'caption' || (base?.isCaption ?? false),
      isContents: /^(?:toc \d|toc heading|table of figures|table of authorities|index \d)$/.test(name),
    };
    styles.set(id, style);
    if (element.attributes.default === '1' || element.attributes.default === 'true') styles.set('', style);
    return style;
  };
  for (const id of elements.keys()) read(id, []);
  return styles;
}
