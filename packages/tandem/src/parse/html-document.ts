import { parseHTML } from 'linkedom';
import { type DefaultTreeAdapterTypes, defaultTreeAdapter, Parser } from 'parse5';

export type HtmlDocument = ReturnType<typeof parseHTML>['document'];

/**
 * A page as browsers read it, by parse5 (WHATWG HTML §13.2): end tags that may be left out, text that stands where none may, and all
 * other mistakes are what everyone sees. The tree is linkedom's, for Readability works on a DOM; linkedom's own parser ends an element
 * only where the next one stands directly in it. What no reader sees is empty: scripts, styles, pictures and the like.
 */
export function parseHtmlDocument(html: string): HtmlDocument {
  const { document } = parseHTML('');
  // Without recursion: pages can be nested deeper than the stack is.
  const open: { from: DefaultTreeAdapterTypes.ParentNode; to: Pick<Node, 'appendChild'> }[] = [
    {
      from: PageParser.parse<DefaultTreeAdapterTypes.DefaultTreeAdapterMap>(asHtml(html)),
      to: document as unknown as Node,
    },
  ];
  for (let next = open.pop(); next; next = open.pop()) {
    const { from, to } = next;
    for (const node of from.childNodes) {
      if (defaultTreeAdapter.isTextNode(node)) to.appendChild(document.createTextNode(node.value) as never);
      else if (defaultTreeAdapter.isElementNode(node)) {
        const element = document.createElement(node.tagName);
        for (const { name, value } of node.attrs) element.setAttribute(name, value);
        to.appendChild(element as never);
        if (!unread.has(node.tagName)) open.push({ from: node, to: element as unknown as Node });
      }
    }
  }
  return document;
}

/**
 * XHTML as HTML: `<title/>` would take the rest of the page for the title, and `<script src="a.js"/>` for a script. Of frames, what stands
 * for readers without them.
 */
function asHtml(page: string): string {
  let html = page;
  if (/^\s*<\?xml\b|<html\b[^<>]*\bxmlns\s*=/i.test(page.slice(0, 4096)))
    html = html.replace(selfClosed, (tag, name: string, attributes: string) =>
      voidElements.has(name.toLowerCase()) ? tag : `<${name}${attributes}></${name}>`,
    );
  return /<frameset\b/i.test(html) ? html.replace(/<\/?(?:frameset|frame|noframes)\b[^<>]*>/gi, '') : html;
}

const selfClosed = /<([a-zA-Z][\w:.-]*)((?:\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*)?)\/>/g;
const voidElements = new Set(
  'area base br col embed hr img input link meta param source track wbr'.split(' '),
);

/**
 * Browsers open `<font>`, `<b>` and `<a>` that were never closed again in each paragraph that follows: a page of three thousand of them
 * has millions of elements. None of them says anything here, and what follows a link is no link.
 */
class PageParser extends Parser<DefaultTreeAdapterTypes.DefaultTreeAdapterMap> {
  override _reconstructActiveFormattingElements(): void {}
}

const unread = new Set('iframe noembed noscript object script style svg template'.split(' '));
