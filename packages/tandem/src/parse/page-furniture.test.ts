import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseHtml } from './html.ts';

const parse = (body: string, title = 'Front basket | Pedal & Co') =>
  parseHtml(
    new TextEncoder().encode(
      `<!doctype html><html><head><title>${title}</title></head><body>${body}</body></html>`,
    ),
    'page.html',
  );
const article =
  '<h1>Front basket</h1><p>The front basket carries five kilograms.</p><p>It is mounted without tools.</p>';
const read = '# Front basket\n\nThe front basket carries five kilograms.\n\nIt is mounted without tools.';
const terms = `<p>${'We and our partners store information on your device and measure what you read. '.repeat(20)}</p>`;
const answers = '<button>Accept all</button><button>Refuse</button>';
const links =
  '<ul><li><a href="/a">Home</a></li><li><a href="/b">Branches</a></li><li><a href="/c">Login</a></li></ul>';

test('a shop’s page: the article is what is read, its consent layer, menu, side box and foot are not', () => {
  const { text, title } = parseHtml(
    readFileSync(new URL('./fixtures/strangers/basket.html', import.meta.url)),
    'basket.html',
  );
  expect({ text, title }).toEqual({
    text: '# Front basket\n\nThe front basket carries five kilograms and is mounted without tools.',
    title: 'Front basket',
  });
});

describe.each([
  ['short', article, read],
  [
    'long, in several blocks',
    `<h1>Front basket</h1>${[0, 1, 2].map((block) => `<div class="block"><h2>Part ${block}</h2>${`<p>Of what the basket carries, how it is mounted, and where it is sold, part ${block} tells all.</p>`.repeat(3)}</div>`).join('')}`,
    undefined,
  ],
])('an article that is %s', (_, content, whole) => {
  const plain = whole ?? parse(content).text;

  test.each([
    ['a role', `<div role="dialog"><h2>Your privacy</h2>${terms}${answers}</div>`],
    [
      'a role of alarm, with a heading of the first rank',
      `<section role="alertdialog"><h1>Before you go on</h1>${terms}</section>`,
    ],
    ['its being modal', `<div aria-modal="true">${terms}</div>`],
    ['<dialog>', `<dialog open>${terms}</dialog>`],
    [
      'OneTrust’s name',
      `<div id="onetrust-consent-sdk"><div class="otFlat"><h2>We value your privacy</h2>${terms}${answers}</div></div>`,
    ],
    ['Cookiebot’s name', `<div id="CybotCookiebotDialog">${terms}</div>`],
    ['Didomi’s name', `<div id="didomi-host"><div class="didomi-popup">${terms}</div></div>`],
    ['Usercentrics’ name', `<div id="usercentrics-root">${terms}</div>`],
    ['a class', `<div class="cookie-banner cookie-banner--bottom">${terms}${answers}</div>`],
    ['a class with capitals', `<div class="cookieNotice__wrap">${terms}</div>`],
    ['the word consent', `<div id="consent-layer" class="cmp-overlay">${terms}</div>`],
    [
      'the law',
      `<div class="gdpr-popup"><h3>Cookies</h3>${terms}<ul><li>Necessary</li><li>Statistics</li></ul></div>`,
    ],
    ['its place over the page', `<div style="position:fixed; bottom:0">${terms}</div>`],
  ])('a layer known by %s is left out, before it and after it', (_, layer) => {
    expect(parse(`${layer}<div class="content">${content}</div>`)).toMatchObject({
      text: plain,
      title: 'Front basket',
    });
    expect(parse(`<div class="content">${content}</div>${layer}`)).toMatchObject({
      text: plain,
      title: 'Front basket',
    });
  });

  test.each([
    ['a menu', `<div class="topbar"><div class="main-menu">${links}</div></div>`],
    ['a menu by its role', `<div role="navigation"><p>Home, jobs and press</p></div>`],
    ['a banner', `<div role="banner"><p>Everything for bicycles</p></div>`],
    ['a foot', '<div role="contentinfo"><p>12 Chain Street</p></div>'],
    ['a foot by its name', '<div id="site-footer"><p>12 Chain Street. Imprint.</p></div>'],
    ['a foot’s part', '<div class="footer__legal">Imprint, terms, privacy</div>'],
    [
      'a row of teasers',
      '<div class="teaser-row"><h3>Summer offer</h3><p>Ten visits for forty euros!</p></div>',
    ],
    ['what goes with it', '<div role="complementary"><p>Trailer Duo now 199 euros!</p></div>'],
    [
      'a side box',
      '<div class="sidebar-right"><h3>You may also like</h3><p>Trailer Duo now 199 euros!</p></div>',
    ],
    ['promotion', '<div class="promo-box"><p>Trailer Duo now 199 euros!</p></div>'],
    ['an advertisement', '<div class="adsbygoogle">Buy a helmet</div>'],
    [
      'a newsletter',
      '<section class="newsletter-signup"><p>Enter your address and win a tandem.</p></section>',
    ],
    ['related articles', `<div class="related-articles"><h2>More about baskets</h2>${links}</div>`],
  ])('%s beside it is left out', (_, box) => {
    for (const page of [
      `${box}<div class="wrap">${content}</div>`,
      `<div class="wrap">${content}${box}</div>`,
    ])
      expect(parse(page)).toMatchObject({ text: plain, title: 'Front basket' });
  });
});

describe('what only looks like furniture stays', () => {
  test('a page about cookies, and a box with a table', () => {
    const policy =
      '<div class="cookie-policy"><h1>Cookies</h1><p>We use two.</p><h2>Session</h2><p>Kept for an hour.</p></div>';
    expect(parse(policy).text).toContain('Kept for an hour.');
    const fees =
      '<div class="sidebar"><table><tr><th>Size</th><th>Fee</th></tr><tr><td>S</td><td>2</td></tr></table></div>';
    expect(parse(`${article}${fees}`).text).toContain('| S | 2 |');
    const dishes = '<div class="menu"><h2>Starters</h2><p>Soup 4.50</p></div>';
    expect(parse(`<h1>Inn</h1>${dishes}`).text).toContain('Soup 4.50');
  });

  test('the page behind an open layer, and a wrapper that is called after it', () => {
    const layer = `<div role="dialog" aria-modal="true">${terms}</div>`;
    expect(parse(`<div id="app" aria-hidden="true"><div>${article}</div></div>${layer}`).text).toBe(read);
    expect(parse(`<div class="cookie-overlay"><div>${article}</div></div>${layer}`).text).toBe(read);
  });

  test('a page that is nothing but a layer', () => {
    expect(parse('<div role="dialog"><h2>Closed</h2><p>We open in May.</p></div>').text).toBe(
      '## Closed\n\nWe open in May.',
    );
  });
});

test('the title is the article’s: not the layer’s, and not the site’s name above a menu', () => {
  const layer = `<div class="cookie-banner"><h1>Your privacy</h1>${terms}</div>`;
  const page = article.replaceAll('h1', 'h2');
  expect(parse(`${layer}${article}`).title).toBe('Front basket');
  expect(parse(`<header><h1>Pedal & Co</h1></header><main>${article}</main>`).title).toBe('Front basket');
  expect(parse(`<header><h1>Pedal & Co</h1></header><main>${page}</main>`).title).toBe('Front basket');
  expect(parse(`<div role="dialog"><h1>Your privacy</h1>${terms}</div>${page}`).title).toBe('Front basket');
});
