import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Case, Example } from '../core/types/example.ts';
import { findLeakage } from './leakage.ts';

const answer =
  'Treatment of Wilson disease aims to remove copper from the body with medicines such as penicillamine, and to keep it from coming back with zinc and a diet low in copper.';
const testCase: Case = {
  id: 'wilson-treatment',
  question: 'What are the treatments for Wilson disease in older people?',
  group: 'wilson',
  expected: { intent: 'treatment', response: answer },
};
const example = (user: string, assistant: string, metadata: Example['metadata'] = {}): Example => ({
  messages: [
    { role: 'system', content: 'You are a help desk.' },
    { role: 'user', content: user },
    { role: 'assistant', content: assistant },
  ],
  metadata,
});
const harmless = example('What is Gaucher disease?', 'Gaucher disease is inherited and affects the spleen.', {
  group: 'gaucher',
});
const kindsFound = (examples: Example[], more: Partial<Parameters<typeof findLeakage>[0]> = {}) =>
  findLeakage({ examples, cases: [testCase], ...more }).findings.map((finding) => finding.kind);

describe('findLeakage', () => {
  it('finds nothing where nothing is shared', () => {
    expect(findLeakage({ examples: [harmless], cases: [testCase] })).toEqual({
      checkedExamples: 1,
      checkedCases: 1,
      findings: [],
      reviewed: [],
    });
  });

  it('finds the same group whatever the words', () => {
    const report = findLeakage({
      examples: [harmless, example('Hepatolenticular degeneration?', 'Yes.', { id: 'e7', group: 'wilson' })],
      cases: [testCase],
    });
    expect(report.findings).toEqual([
      {
        caseId: 'wilson-treatment',
        exampleIndex: 1,
        exampleId: 'e7',
        kind: 'same group',
        reason: 'its group wilson is that of training example e7',
        overlap: 1,
      },
    ]);
  });

  it('finds the question in a long prompt, however it is typed', () => {
    const prompt = `[1] Copper is a metal.\n\nQUESTION: what are the treatments for  "Wilson disease" in older people`;
    expect(kindsFound([example(prompt, 'It depends.')])).toEqual(['same question']);
  });

  it('does not take a longer name for the shorter one it starts with', () => {
    const longer = `${testCase.question.replace('older people', 'older people with diabetes')}`;
    expect(kindsFound([example(longer, 'It depends.')])).toEqual([]);
  });

  it('finds a question with a colon in it, and one that differs in a word of many', () => {
    const held: Case = {
      id: 'long',
      question:
        'Doctor said: my mother, who is seventy and takes lithium for years now, should have her thyroid looked at twice a year in the same laboratory; why is that so?',
      expected: 'Lithium.',
    };
    const found = (question: string) =>
      findLeakage({
        examples: [example(`[1] Lithium is a salt.\n\nQuestion: ${question}`, 'Yes.')],
        cases: [held],
      }).findings.map((finding) => finding.reason);
    expect(found(held.question)).toEqual(['its question is asked in training example 1']);
    const oneSentence = { ...held, question: held.question.replace('said:', 'said').replace(';', '') };
    const changed = oneSentence.question.replace('why is that so', 'why is that then');
    const report = findLeakage({ examples: [example(changed, 'Yes.')], cases: [oneSentence] });
    expect(report.findings.map((finding) => finding.reason)).toEqual([
      'nearly its question is asked in training example 1',
    ]);
  });

  it('finds the answer in the reply and in the passages of a prompt, with small changes too', () => {
    const changed = answer.replace('such as penicillamine', 'for instance trientine');
    expect(kindsFound([example('Tell me about copper.', answer)])).toEqual(['same answer']);
    expect(kindsFound([example(`[1] ${answer} More text follows here.`, 'Yes [1].')])).toEqual([
      'same answer',
    ]);
    expect(kindsFound([example('Tell me about copper.', changed)])).toEqual([]);
    expect(
      kindsFound([example('Copper?', answer.replace('Treatment of Wilson', 'Therapy of Wilson'))]),
    ).toEqual(['same answer']);
  });

  it('does not take wording that stands in more than 20 documents for knowledge of the test', () => {
    const documents = Array.from({ length: 21 }, (_, i) => ({
      id: `${i}`,
      text: `Document ${i}. ${answer}`,
    }));
    expect(kindsFound([example('Copper?', answer)], { documents })).toEqual([]);
    expect(kindsFound([example('Copper?', answer)], { documents: documents.slice(1) })).toEqual([
      'same answer',
    ]);
  });

  it('does not take a template for a shared question', () => {
    const names = Array.from({ length: 40 }, (_, i) => `condition${i}`);
    const examples = names.map((name) =>
      example(`What research (or clinical trials) is being done for ${name}?`, 'Several.', { group: name }),
    );
    const held: Case = {
      id: 'x',
      question: 'What research (or clinical trials) is being done for Wilson disease?',
      group: 'wilson',
      expected: 'None.',
    };
    expect(findLeakage({ examples, cases: [held] }).findings).toEqual([]);
  });

  it('keeps accepted findings apart, with the reason', () => {
    const report = findLeakage({
      examples: [example('WD?', 'Wilson disease', { kind: 'glossary', group: 'wilson' })],
      cases: [testCase],
      reviewed: [{ exampleKind: 'glossary', reason: 'The glossary is training material.' }],
    });
    expect(report.findings).toEqual([]);
    expect(report.reviewed).toHaveLength(1);
    expect(report.reviewed[0]!.accepted).toBe('The glossary is training material.');
  });

  it('finds any long answer that is copied into any prompt, and none whose words are all different', () => {
    const word = (letter: string) => fc.stringMatching(new RegExp(`^${letter}[a-z]{3,8}$`));
    fc.assert(
      fc.property(
        fc.array(word('a'), { minLength: 15, maxLength: 40 }),
        fc.array(word('b'), { minLength: 5, maxLength: 40 }),
        fc.array(word('b'), { minLength: 5, maxLength: 40 }),
        (held, before, after) => {
          const one: Case = { id: 'c', question: 'Which?', expected: held.join(' ') };
          const leaking = example([...before, ...held, ...after].join(' '), 'Yes.');
          const clean = example([...before, ...after].join(' '), 'Yes.');
          const report = findLeakage({ examples: [clean, leaking], cases: [one] });
          // Words drawn alike can leave too few distinct runs to say anything.
          const runs = new Set(held.slice(4).map((_, i) => held.slice(i, i + 5).join(' '))).size;
          expect(report.findings.map((finding) => finding.exampleIndex)).toEqual(runs >= 8 ? [1] : []);
        },
      ),
    );
  });
});
