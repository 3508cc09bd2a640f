/**
 * Ends list items, terms, cells and rows where HTML's parser would (WHATWG HTML §13.2.6.4.7 and §13.2.6.4.13 to 15): their end
 * tags may be left out, and so may a paragraph's inside them. linkedom ends an element only when the next one stands directly
 * in it, so `<li>one<p>more<li>two` is an item within a paragraph within an item. Such elements are moved out, with all
 * that follows them; no word changes its place among the others.
 */
export function endLeftOpen(root: ParentNode): void {
  // In document order, so that what an element stands in has been mended before it.
  for (const element of root.querySelectorAll(Object.keys(rules).join(','))) {
    const left = leftOpenAround(element);
    if (left) moveBehind(left, element);
  }
}

interface Rule {
  /** What an element's start tag ends. */
  ends: ReadonlySet<string>;
  /** Beyond these nothing is ended: the element belongs to what stands in them. */
  within: ReadonlySet<string>;
}

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));
const sections =
  'article aside blockquote body caption center details dir dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup html main menu nav ol pre search section summary table tbody td tfoot th thead tr ul';
const item: Rule = { ends: words('li p'), within: words(`${sections} dd dt`) };
const term: Rule = { ends: words('dd dt p'), within: words(`${sections} li`) };
const cell: Rule = { ends: words('caption td th'), within: words('table tbody tfoot thead tr') };
const row: Rule = { ends: words('caption colgroup td th tr'), within: words('table tbody tfoot thead') };
const rowGroup: Rule = {
  ends: words('caption colgroup tbody td tfoot th thead tr'),
  within: words('table'),
};
const rules: Record<string, Rule> = {
  li: item,
  dd: term,
  dt: term,
  td: cell,
  th: cell,
  tr: row,
  tbody: rowGroup,
  tfoot: rowGroup,
  thead: rowGroup,
};
/** Steps to look up: what stands deeper in anything is no one's writing. */
const highest = 300;

/** The outermost element that should have ended where `element` begins. */
function leftOpenAround(element: Element): Element | undefined {
  const { ends, within } = rules[element.localName.toLowerCase()]!;
  let found: Element | undefined;
  let above = element.parentElement;
  for (let steps = 0; above && steps < highest; above = above.parentElement, steps++) {
    const name = above.localName.toLowerCase();
    if (within.has(name)) return found;
    if (ends.has(name)) found = above;
  }
  return undefined;
}

/** Puts `element` and what follows it beside it behind `left`; what follows further out, up to `left`, was meant to be in it. */
function moveBehind(left: Element, element: Element): void {
  const moved = [element, ...followers(element)];
  const further: Node[] = [];
  for (let above = element.parentElement; above && above !== left; above = above.parentElement)
    for (const node of followers(above)) further.push(node);
  const place = left.nextSibling;
  for (const node of moved) left.parentNode!.insertBefore(node, place);
  const last = moved.at(-1)!;
  for (const node of further) {
    if (last.nodeType === 1) last.appendChild(node);
    else left.parentNode!.insertBefore(node, place);
  }
}

function* followers(node: Node): Iterable<Node> {
  for (let next = node.nextSibling; next; next = next.nextSibling) yield next;
}
