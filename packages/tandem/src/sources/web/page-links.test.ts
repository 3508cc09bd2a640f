import { expect, test } from 'vitest';
import { pageLinks } from './page-links.ts';

const links = (html: string, headers = {}) => pageLinks(html, new URL('https://a.test/docs/page'), headers);

test('links are made absolute, each once, and only those to texts', () => {
  const html = `<html><head><link rel="Canonical" href="../docs/page?x#y"></head><body>
    <a href="one">1</a> <a href=" /two?#top ">2</a> <a href="one#again">1</a> <a href="//b.test/three">3</a>
    <a href="javascript:x()">-</a> <a href="">self</a> <a href="pic.JPG">-</a> <a href="https://user@c.test/">-</a>
    <a href="http://[bad">-</a> <a rel="external nofollow" href="four">-</a> <area href="five.pdf">`;
  expect(links(html)).toEqual({
    links: [
      'https://a.test/docs/one',
      'https://a.test/two',
      'https://b.test/three',
      'https://a.test/docs/five.pdf',
    ],
    canonical: 'https://a.test/docs/page?x',
    noIndex: false,
    noFollow: false,
  });
  expect(links('<base href="/base/"><a href="x">').links).toEqual(['https://a.test/base/x']);
});

test('robots directives in every place', () => {
  expect(links('<meta name="ROBOTS" content="NoIndex, NOFOLLOW">')).toMatchObject({
    noIndex: true,
    noFollow: true,
  });
  expect(links('<meta name="robots" content="none">')).toMatchObject({ noIndex: true, noFollow: true });
  expect(links('<meta name="robots" content="index,follow,max-snippet:-1">')).toMatchObject({
    noIndex: false,
    noFollow: false,
  });
  expect(links('', { 'x-robots-tag': ['nofollow', 'unavailable_after: 2030'] as never })).toMatchObject({
    noFollow: true,
    noIndex: false,
  });
});
