import { SaxesParser } from 'saxes';
import { latin1 } from '../latin1.ts';
import { DamagedFile } from './damaged.ts';

/** An element with its prefix taken off its name and its attributes' names, but for `r:`, which marks relationships. */
export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: (XmlElement | string)[];
}

/** No one writes deeper trees, and walking them recursively would overflow the stack. */
const deepest = 200;

/** The whole document as a tree. Throws `DamagedFile` where it is not well-formed. Entities are never fetched or expanded. */
export function parseXml(bytes: Uint8Array): XmlElement {
  let root: XmlElement | undefined;
  walk(
    bytes,
    (_, depth) => depth === 0,
    (element) => (root = element),
  );
  if (!root) throw new DamagedFile('one of its parts is empty');
  return root;
}

/** Visits each outermost element of one of these names as a tree, in order; the rest of the document is passed over. */
export function eachElement(
  bytes: Uint8Array,
  names: ReadonlySet<string>,
  visit: (element: XmlElement) => void,
): void {
  walk(bytes, (name) => names.has(name), visit);
}

export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((node): node is XmlElement => typeof node !== 'string' && node.name === name);
}

export function childrenOf(element: XmlElement | undefined, name?: string): XmlElement[] {
  return (element?.children ?? []).filter(
    (node): node is XmlElement => typeof node !== 'string' && (name === undefined || node.name === name),
  );
}

/** All elements of a name below `element`, in document order, not looking inside those found. */
export function descendantsOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return childrenOf(element).flatMap((child) => (child.name === name ? [child] : descendantsOf(child, name)));
}

export function textOf(element: XmlElement | undefined): string {
  return (element?.children ?? []).map((node) => (typeof node === 'string' ? node : textOf(node))).join('');
}

/** Whether one of Word's toggles is there and on: `<w:b/>` is, `<w:b w:val="0"/>` is off. */
export function isOn(toggle: XmlElement | undefined): boolean {
  return toggle !== undefined && !/^(?:0|false|off|none)$/.test(toggle.attributes.val ?? '');
}

function walk(
  bytes: Uint8Array,
  wanted: (name: string, depth: number) => boolean,
  visit: (element: XmlElement) => void,
): void {
  const parser = new SaxesParser();
  const open: XmlElement[] = [];
  let depth = 0;
  parser.on('error', (error) => {
    throw new DamagedFile(`its XML is broken at ${error.message.replace(/\.$/, '')}`);
  });
  parser.on('opentag', (tag) => {
    const name = localName(tag.name);
    if (open.length > 0 || wanted(name, depth)) {
      if (open.length > deepest) throw new DamagedFile('its XML is nested too deeply');
      const element: XmlElement = { name, attributes: attributesOf(tag.attributes), children: [] };
      open.at(-1)?.children.push(element);
      open.push(element);
    }
    depth++;
  });
  parser.on('closetag', () => {
    depth--;
    const element = open.pop();
    if (element && open.length === 0) visit(element);
  });
  const text = (content: string) => void open.at(-1)?.children.push(content);
  parser.on('text', text);
  parser.on('cdata', text);
  parser.write(decodeXml(bytes)).close();
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function attributesOf(attributes: Record<string, unknown>): Record<string, string> {
  const result: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(attributes))
    result[name.startsWith('r:') ? name : localName(name)] = String(value);
  return result;
}

/** XML is in UTF-8 unless a byte order mark or its declaration says otherwise (XML 1.0, §4.3.3). */
function decodeXml(bytes: Uint8Array): string {
  const mark =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : undefined;
  const head = latin1(bytes.subarray(0, 200));
  const declared = /^(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*["']([\w-]+)/.exec(head)?.[1];
  try {
    return new TextDecoder(mark ?? declared ?? 'utf-8').decode(bytes);
  } catch {
    throw new DamagedFile(`its XML is in an unknown encoding (${declared})`);
  }
}
