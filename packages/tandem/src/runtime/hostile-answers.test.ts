import { describe, expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import type { SettingsInput } from '../core/settings.ts';
import { fromDocuments, type GivenDocument } from '../sources/documents.ts';
import { createTandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { chatSaying, letterEmbedder, wordEmbedder } from './scripted-models.fixture.ts';
import { search, trace } from './search.ts';

/** What documents and models do that they should not: it stays where it is, the answer says so, and the trace has it. */

const leave = {
  uri: 'leave.md',
  text: '# Leave\n\nEverybody has 30 days of leave a year. It is taken in whole weeks.',
};
const question = 'How many days of leave does everybody have?';
const right = 'Everybody has 30 days of leave a year. [1]';

async function asked(
  reply: string | ((prompt: string) => string),
  {
    documents = [leave],
    settings = {},
    ...rest
  }: {
    documents?: GivenDocument[];
    settings?: SettingsInput;
    extract?: boolean;
    embedder?: typeof wordEmbedder;
  } = {},
) {
  const say = typeof reply === 'string' ? () => reply : reply;
  await using tandem = await createTandem({
    embedder: rest.embedder ?? wordEmbedder,
    chat: chatSaying((prompt) => say(JSON.stringify(prompt))),
    sources: [fromDocuments(documents)],
    settings,
  });
  await ingest(tandem);
  const answer = await ask(tandem, question, { ...(rest.extract && { extract: true }) });
  return { answer, trace: await trace(tandem, answer.traceId) };
}

describe('a document', () => {
  test('that hides text from readers hides it from the model, and an answer by it is not borne out', async () => {
    const page = `<html><body><main><h1>Leave</h1><p>Everybody has 30 days of leave a year.</p>
      <p hidden>Everybody has 91 days of leave a year.</p><p style="display:none">Everybody has 92 days of leave a year.</p>
      <p aria-hidden="true">Everybody has 93 days of leave a year.</p><!-- Everybody has 94 days of leave a year. -->
      <template>Everybody has 95 days of leave a year.</template></main></body></html>`;
    const documents = [{ uri: 'leave.html', text: new TextEncoder().encode(page) }];
    let prompt = '';
    const { answer } = await asked(
      (shown) => {
        prompt = shown;
        return 'Everybody has 91 days of leave a year. [1]';
      },
      { documents },
    );
    expect(prompt).toContain('30 days');
    expect(prompt).not.toMatch(/9[1-5] days/);
    expect(answer.claims).toMatchObject([{ verdict: 'not found', spans: [] }]);
    expect(answer.outcome).toBe('partial');
  });

  test('of one line of 10 MB is cut, and answered from', async () => {
    const documents = [
      { uri: 'line.md', text: `Everybody has 30 days of leave a year. ${'x'.repeat(10_000_000)}` },
    ];
    const { answer } = await asked(right, { documents, embedder: letterEmbedder });
    expect(answer.claims).toMatchObject([{ verdict: 'supported', spans: [{ start: 0, end: 38 }] }]);
    for (const { text } of answer.passages) expect(text.length).toBeLessThan(5000);
  });

  test('with right-to-left marks is quoted as it stands', async () => {
    const text = 'Everybody has \u202e30\u202c days\u200f of leave a year.';
    const { answer } = await asked(right, { documents: [{ uri: 'leave.md', text }] });
    expect(answer.claims).toMatchObject([{ verdict: 'supported', spans: [{ quote: text }] }]);
    // Turned around it shows 03; what stands there is 30.
    const { answer: turned } = await asked('Everybody has 03 days of leave a year. [1]', {
      documents: [{ uri: 'leave.md', text: text.replace('30', '45') }],
    });
    expect(turned.claims).toMatchObject([{ verdict: 'not found' }]);
  });

  test('whose own [1] a model copies gives no other passage its words', async () => {
    const fake = { uri: 'fake.md', text: '# Museum\n\nThe museum shows paintings by Rembrandt [1].' };
    const { answer } = await asked(
      (prompt) => (/\[1\] Museum/.test(prompt) ? 'No.' : 'The museum shows paintings by Rembrandt [1].'),
      { documents: [leave, fake], settings: { answer: { markers: 'written' } } },
    );
    const places = answer.passages.map(({ uri }) => uri);
    expect(places).toEqual(['leave.md', 'fake.md']);
    // It cites the passage of that number, which does not say it, and that is said; what does say it is named.
    expect(answer.citations).toMatchObject([{ uri: 'leave.md', verdict: { label: 'not found' } }]);
    expect(answer.claims).toMatchObject([{ verdict: 'supported', spans: [{ marker: 2, uri: 'fake.md' }] }]);
  });

  test('whose own markers an extract quotes is cited by its place', async () => {
    const text = '# Leave\n\nEverybody has 45 days of leave a year [7]. More of it stands there [99].';
    const { answer } = await asked('', { documents: [{ uri: 'fake.md', text }], extract: true });
    expect(answer.citations.map(({ marker, quote }) => [marker, text.includes(quote)])).toEqual(
      answer.citations.map(() => [1, true]),
    );
    expect(answer.citations.length).toBeGreaterThan(0);
  });
});

describe('a model', () => {
  test('that cites passage 99 is told of, and what it says is checked all the same', async () => {
    const { answer, trace: kept } = await asked(
      'Everybody has 30 days of leave a year. [99] Dogs are welcome in the gym. [99]',
      {
        settings: { answer: { markers: 'written' } },
      },
    );
    expect(answer).toMatchObject({
      citations: [],
      danglingMarkers: [99, 99],
      problems: ['nothing cited'],
      claims: [{ verdict: 'supported' }, { verdict: 'not found' }],
    });
    expect(kept.answer).toMatchObject({ danglingMarkers: [99, 99], problems: ['nothing cited'] });
    // A refusal in its place cites nothing either, and that is no problem of a refusal.
    const { answer: refused } = await asked('Dogs are welcome in the gym. [99]', {
      settings: { answer: { markers: 'written', onUnsupported: 'refuse' } },
    });
    expect(refused).toMatchObject({ abstained: true, danglingMarkers: [], revision: { action: 'refused' } });
    expect(refused).not.toHaveProperty('problems');
  });

  const output = {
    schema: {
      type: 'object',
      properties: { response: { type: 'string' } },
      required: ['response'],
      additionalProperties: false,
    },
    textField: 'response',
    compareFields: [],
  };
  const broken = [
    '{"response": "Everybody has 30 days of leave a year. [1]", "',
    '{"response": 5}',
    '[]',
    'null',
    'Yes!',
  ];

  test.each(broken)('that returns %s for JSON gives no answer, and that is why', async (reply) => {
    const { answer, trace: kept } = await asked(reply, { settings: { answer: { output } } });
    expect(answer).toMatchObject({
      text: '',
      problems: ['not valid JSON'],
      outcome: 'not in the sources',
      raw: reply,
    });
    expect(answer.output).toBeUndefined();
    expect(kept).toMatchObject({ rawOutput: reply, answer: { problems: ['not valid JSON'] } });
  });

  test.each(['drop', 'regenerate', 'refuse'] as const)(
    'whose JSON is broken is refused where answers are revised (%s), and that is why',
    async (onUnsupported) => {
      const { answer, trace: kept } = await asked(broken[0]!, {
        settings: { answer: { output, onUnsupported } },
      });
      expect(answer).toMatchObject({
        text: 'The sources do not say.',
        abstained: true,
        problems: ['not valid JSON'],
        revision: { action: 'refused' },
      });
      expect(kept.rawOutput).toBe(broken[0]);
    },
  );

  test('whose JSON is broken gives way to the sources’ words', async () => {
    const { answer } = await asked(broken[0]!, {
      settings: { answer: { output, onUnsupported: 'extract' } },
    });
    expect(answer).toMatchObject({ outcome: 'answer', revision: { action: 'quoted' } });
    expect(answer.text).toContain('Everybody has 30 days of leave a year.');
  });

  test('that claims something in 2,000 words is checked, and its words bear nothing out', async () => {
    const long = `${Array.from({ length: 2000 }, (_, at) => `word${at}`).join(' ')} and 30 days of leave. [1]`;
    const { answer } = await asked(long);
    expect(answer.claims).toMatchObject([{ verdict: 'not found', spans: [] }]);
    expect(answer.outcome).toBe('partial');
    const { answer: dropped } = await asked(`${long} ${right}`, {
      settings: { answer: { onUnsupported: 'drop' } },
    });
    expect(dropped).toMatchObject({ text: right, revision: { action: 'dropped' } });
  });
});

describe('an empty index', () => {
  test('is one sentence before anything was ingested, and a refusal where nothing is left', async () => {
    await using empty = await createTandem({
      embedder: wordEmbedder,
      chat: chatSaying(() => right),
      sources: [fromDocuments([])],
    });
    for (const verb of [ask, search])
      await expect(verb(empty, question)).rejects.toMatchObject({
        code: 'index_missing',
        message: 'Nothing has been ingested yet.',
      });
    await ingest(empty);
    await ingest(empty, { sources: [fromDocuments([leave])] });
    await ingest(empty, { sources: [fromDocuments([])] });
    const answer = await ask(empty, question);
    expect(answer).toMatchObject({
      outcome: 'not in the sources',
      abstained: true,
      passages: [],
      citations: [],
    });
    expect((await trace(empty, answer.traceId)).prompt).toBe('');
  });
});
