import type { HtmlDocument } from './html-document.ts';

/** Characters of an element's text, white space run together. */
export function lengthOf(element: { textContent: string | null }): number {
  return element.textContent?.replace(/\s+/g, ' ').trim().length ?? 0;
}

/** Half of its text and more is links. */
export function isMenu(element: Element): boolean {
  const inLinks = [...element.querySelectorAll('a')].reduce((sum, link) => sum + lengthOf(link), 0);
  return inLinks >= 0.5 * lengthOf(element);
}

/**
 * Takes off a page what lies over it or beside it: consent layers, pop-ups, newsletter and promotion boxes, related articles, menus,
 * side boxes and feet that are `<div>`s, known by their roles or by the names that sites and consent managers give them.
 *
 * Readability would do part of that, and then asks for 500 characters of article: on a page with less it tries again with all that it
 * had taken off, and the longest block, which is the consent layer, wins. So this comes before it.
 *
 * What holds the page's subject (`<main>`, `<article>`, the heading of the first rank) stays whatever it is called, and so does a
 * box by name alone that has tables, code or lists of its own; and all of it where nothing else would be left.
 */
export function removeFurniture(document: HtmlDocument): void {
  const body = document.documentElement as unknown as Element;
  const headings = [...body.querySelectorAll('h1')].map((heading) => heading as unknown as Element);
  const taken: { element: Element; parent: Element; before: ChildNode | null }[] = [];
  const remove = (element: Element) => {
    const parent = element.parentElement;
    if (!parent || element === body || /^(?:html|body|main|article)$/i.test(element.localName)) return;
    taken.push({ element, parent, before: element.nextSibling });
    element.remove();
  };
  for (const layer of body.querySelectorAll(layers)) {
    const element = layer as unknown as Element;
    const isPage = element.querySelector('main, article') !== null && !isHeadedElsewhere(element, headings);
    if (isAttached(element, body) && !isPage) remove(element);
  }
  const rest = [...body.querySelectorAll('h1')].map((heading) => heading as unknown as Element);
  for (const box of body.querySelectorAll('[id], [class], [style]')) {
    const element = box as unknown as Element;
    if (isAttached(element, body) && isFurniture(element, rest)) remove(element);
  }
  if (lengthOf(body) > 0) return;
  for (const { element, parent, before } of taken.reverse()) parent.insertBefore(element, before);
}

/** Drawn over the page, which waits behind it. */
const layers = 'dialog, [role="dialog"], [role="alertdialog"], [aria-modal="true"]';

const isAttached = (element: Element, body: Element) => body.contains(element);

/** The page has a heading of the first rank that is not in it. */
function isHeadedElsewhere(element: Element, headings: readonly Element[]): boolean {
  return headings.some((heading) => !element.contains(heading));
}

function isFurniture(element: Element, headings: readonly Element[]): boolean {
  const names = namesOf(element);
  const isNamed = (pattern: RegExp) => names.some((name) => pattern.test(name));
  const isFixed = /position:\s*fixed/i.test(element.getAttribute('style') ?? '');
  // Most boxes are none by their names; what is in them is looked through only where they may be.
  if (!isFixed && ![consent, promotion, menu, besides, over].some(isNamed)) return false;
  if (element.querySelector('main, article, [role="main"]')) return false;
  const holdsHeading = headings.some((heading) => element.contains(heading));
  // A layer may have a heading of the first rank; the page has its own beside it.
  if (holdsHeading && !(isNamed(consent) && isHeadedElsewhere(element, headings))) return false;
  // A wrapper of the whole page may be called after the layer that is open over it, a page after its subject.
  if (isNamed(consent)) return headings.length > 0 || isDrawnOver(element) || hasNoSections(element);
  if (isNamed(promotion)) return !hasStructure(element) || isMenu(element);
  if (isNamed(menu)) return isMenu(element);
  // By now it is at the side, at the foot or over the page.
  return !hasStructure(element);
}

/** Its id and classes, each in lower case with hyphens: `cookieBanner__wrap` is `cookie-banner-wrap`. */
function namesOf(element: Element): string[] {
  return `${element.getAttribute('id') ?? ''} ${element.getAttribute('class') ?? ''}`
    .split(/\s+/)
    .filter(Boolean)
    .map((name) =>
      name
        .replace(/([a-z\d])([A-Z])/g, '$1-$2')
        .toLowerCase()
        .replace(/[-_:]+/g, '-'),
    );
}

const parts =
  'layer|banner|overlay|pop-?up|modal|dialog|notice|notification|bar|box|wall|wrap|wrapper|container|root|message|manager|tool|window|hint|alert|panel|sheet|settings|info|disclaimer|prompt';

/** Names of consent managers, and what others call theirs. */
const consent = new RegExp(
  `^(?:onetrust|optanon|cookiebot|cybot|usercentrics|uc-|didomi|qc-cmp|sp-message|truste|trustarc|klaro|cookieyes|cky-|cmplz|complianz|borlabs|iubenda|osano|termly|tarteaucitron|axeptio|evidon|fc-consent|quantcast|cookie-?law|cookie-?first|cookie-?script|cc-(?:window|banner|dialog)|moove-gdpr|cmp(?:$|-))|(?:^|-)(?:cookies?|consent|privacy|gdpr|dsgvo|ccpa|rgpd|lgpd)-?(?:consent-?)?(?:choices-?)?(?:${parts})(?:$|-)|^(?:cookies?-consent|consent|gdpr|dsgvo|cookies?)$`,
);

/** Who is to buy, to subscribe or to read something else. */
const promotion = new RegExp(
  `^(?:ads?|adsbygoogle|adverts?|advertisements?|advertising|banner-ad|sponsor(?:ed|s)?|promos?|promotions?|teasers?|newsletter|subscribe|subscription|paywall|outbrain|taboola|social-?(?:share|sharing|links|media|icons)?|share-?(?:bar|buttons|links|tools)?|also-like|you-may-also-like|you-might-also-like|read-next|up-next|further-articles)(?:-(?:${parts}|list|grid|section|row|cards?|slider|form|sign-?up|teaser|area|inner|content|wide|legal))*$|^(?:related|recommended|recommendations|similar|more)-(?:articles?|posts?|stories|products?|content|links|news|items|pages|reading)(?:-.*)?$|^(?:related|recommendations|recommended)$`,
);

const menu =
  /^(?:(?:site|page|main|top|global|primary|secondary|mobile|header|footer|side|sub|meta)-?)?(?:nav|navbar|navigation|menu|menus|menubar|topbar|top-bar|breadcrumbs?|toolbar|pagination|pager|skip-?links?|sitemap|toc)(?:-(?:bar|list|wrap|wrapper|container|inner|items?|main|top|primary))*$/;

/** At the side and at the foot of the page. */
const besides =
  /^(?:(?:site|page|main|global|left|right|blog|primary|secondary)-?)?(?:side-?bar|side-?box|side-?column|rail|footer(?:-[a-z-]+)?|foot|bottom|bottom-?bar|colophon|masthead|top-?bar|imprint)(?:-(?:left|right|area|wrap|wrapper|container|inner|box|content|bottom|top|info|widgets?|primary|secondary))*$/;

const over =
  /^(?:modal|overlay|pop-?up|popover|lightbox|toast|snackbar|flyout|interstitial)(?:-(?:wrap|wrapper|container|box|dialog|content|inner|root))*$/;

/** Given a role of its own, or buttons to answer with. */
function isDrawnOver(element: Element): boolean {
  return (
    element.getAttribute('role') !== null ||
    element.getAttribute('aria-label') !== null ||
    element.querySelector('button, form') !== null
  );
}

/** What is written to be read has more than one heading. */
function hasNoSections(element: Element): boolean {
  return element.querySelectorAll('h1, h2, h3, h4').length <= 1;
}

function hasStructure(element: Element): boolean {
  const holds = (selector: string) =>
    [...element.querySelectorAll(selector)].some(
      (part) => lengthOf(part) > 0 && !isMenu(part as unknown as Element),
    );
  return (
    element.querySelector('pre') !== null ||
    holds('ul, ol, dl') ||
    [...element.querySelectorAll('table')].some(
      (table) => table.querySelectorAll('tr').length > 1 && !isMenu(table as unknown as Element),
    )
  );
}
