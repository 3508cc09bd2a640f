import { buildRewriteMessages } from '../../answer/prompt.ts';
import type { Settings } from '../../core/settings.ts';
import type { GlossaryEntry } from '../../core/types/glossary.ts';
import { type Random, shuffled } from '../../statistics/random.ts';
import type { SourcedExample } from './example.ts';

/**
 * Teaches what short forms stand for.
 * @param times each pair in each of the forms below, this many times over; 0.5: in half of them
 */
export function glossaryExamples(
  glossary: readonly GlossaryEntry[],
  { times, settings, random }: { times: number; settings: Pick<Settings, 'answer'>; random: Random },
): SourcedExample[] {
  const formsEach = Math.round(times * glossaryForms.length);
  return glossary.flatMap((entry) => {
    const forms = shuffled([...glossaryForms], random);
    const name = `glossary:${entry.abbreviation}`;
    return Array.from({ length: formsEach }, (_, turn) => {
      const { asked, answered } = forms[turn % forms.length]!(entry);
      return {
        example: {
          messages: [
            ...buildRewriteMessages(asked, settings.answer),
            { role: 'assistant' as const, content: answered },
          ],
          metadata: { kind: 'glossary', group: name, id: name },
        },
        documents: [],
      };
    });
  });
}

/** Short ways to name the term and nothing more: a glossary pair, never a question about it. */
const glossaryForms: ((entry: GlossaryEntry) => { asked: string; answered: string })[] = [
  '{}',
  '{}?',
  'Term: {}',
  'about {}',
  'of {}',
  'for {}',
  'someone with {}',
  'I have {}.',
  '{} ({long})',
].map((form) => ({ abbreviation, longForm }) => ({
  asked: form.replace('{}', abbreviation).replace('{long}', longForm),
  answered: longForm,
}));
