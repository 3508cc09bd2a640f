/** The style guide's rules, as checks of the text that a customer reads. The sentence that says "not in the sources" keeps them all. */
export const notInSources = 'This is not in our policies.';

const withoutMarkers = (text: string) => text.replace(/\s*\[\d+(?:\s*,\s*\d+)*\]/g, '').trim();
const sentences = (text: string) =>
  [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)].filter(({ segment }) =>
    /\p{L}/u.test(segment),
  );

const rule = (id: string, description: string, keeps: (plain: string) => boolean) => ({
  id,
  description,
  check: (text: string) => {
    const plain = withoutMarkers(text);
    return plain.endsWith(notInSources) || (plain !== '' && keeps(plain));
  },
});

export const styleRules = [
  rule('opens', 'Begins with "Thank you for writing."', (text) => text.startsWith('Thank you for writing.')),
  rule('closes', 'Ends with "We are here every day from 7 to 22."', (text) =>
    text.endsWith('We are here every day from 7 to 22.'),
  ),
  rule('short', 'At most three sentences between them', (text) => sentences(text).length <= 5),
  rule('plain', 'No lists, exclamation marks or "sorry"', (text) => !/!|^\s*[-*•]|\bsorry\b/im.test(text)),
];
