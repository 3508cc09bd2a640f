import { expect, test } from 'vitest';
import { mediaTypeOf } from './media-type.ts';

test.each([
  ['guide.md', 'text/markdown'],
  ['docs/C# style guide.md', 'text/markdown'],
  ['docs/tabs.mdx', 'text/mdx'],
  ['docs/What is it?.md', 'text/markdown'],
  ['Report #12.PDF', 'application/pdf'],
  ['https://example.org/guide.md?raw=1#top', 'text/markdown'],
  ['HTTPS://example.org/page?file=guide.md', undefined],
  ['https://example.org/', undefined],
  ['C:\\docs\\notes.v2\\README', undefined],
  ['archive.tar.gz', undefined],
])('%s: %s', (uri, mediaType) => expect(mediaTypeOf(uri)).toBe(mediaType));
