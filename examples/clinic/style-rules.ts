/** The style guide's rules, as checks of the text that a patient reads. The sentence that says "not in the sources" keeps them all. */
export const notInSources = "This is not in the clinic's sources.";

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
  rule('opens-with-condition', 'Begins with a name and a colon', (text) =>
    /^[^.:!?\n]{2,80}: \S/u.test(text),
  ),
  // One sentence of grace for what a segmenter takes for two ("Dr. Smith").
  rule(
    'short',
    'At most three sentences and 80 words',
    (text) => sentences(text).length <= 4 && text.split(/\s+/).length <= 80,
  ),
  rule(
    'plain-prose',
    'No lists, line breaks, questions, exclamations, greeting or first person',
    (text) => !/[\n?!]|^\s*[-*•]|^(Dear|Hello|Hi)\b|\b(I|we|We|our|Our|my|My)\b/u.test(text),
  ),
];
