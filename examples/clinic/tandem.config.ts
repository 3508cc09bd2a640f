import { intents } from './intents.ts';
import { notInSources, styleRules } from './style-rules.ts';

/** What the reply looks like, told in words: a JSON Schema is longer and no clearer to a small model. */
const format = `Reply with one JSON object and nothing else:
{"intent": one of ${intents.map((intent) => `"${intent}"`).join(', ')}, "entities": {"condition": the full name of the condition, abbreviations spelt out}, "response": the answer}`;

export default {
  name: 'clinic',
  sources: [{ type: 'files', path: 'documents', include: ['**/*.md'] }],
  models: { chat: 'local:qwen2.5-coder-0.5b', embedder: 'local:all-minilm-l6-v2' },
  // Small passages: three of them leave room in a small model's attention, and a section's opening is what answers.
  chunk: { maxTokens: 150, overlapTokens: 24 },
  retrieve: { k: 3, candidates: 30 },
  answer: {
    arm: 'rag',
    maxTokens: 200,
    notInSources,
    styleGuide: 'style-guide.md',
    styleRules,
    // The one line that tuned and hybrid carry instead of format, rules and style guide.
    tunedSystem: 'You answer patients of the clinic.',
    rewriteSystem: 'Write the search query.',
    // Every arm is held to the schema by a grammar: the untuned ones get their form for free, as they would in use, and
    // what is compared is what they say.
    grammar: true,
    output: {
      schema: {
        type: 'object',
        properties: {
          intent: { type: 'string', enum: [...intents] },
          entities: {
            type: 'object',
            properties: { condition: { type: 'string', maxLength: 120 } },
            required: ['condition'],
            additionalProperties: false,
          },
          // Long enough for every right answer; a model that turns in circles still closes its JSON.
          response: { type: 'string', maxLength: 480 },
        },
        required: ['intent', 'entities', 'response'],
        additionalProperties: false,
      },
      textField: 'response',
      compareFields: [
        { path: 'intent', name: 'Intent' },
        { path: 'entities.condition', name: 'Condition', match: 'normalized' },
      ],
      confidence: { field: 'confidence', of: 'intent' },
    },
    prompts: {
      base: [
        {
          id: 'plain',
          system: `You answer patients of a clinic from what you know.\n${format}\n{styleGuide}`,
        },
        {
          id: 'one-example',
          system: `You answer patients of a clinic from what you know.\n${format}\n{styleGuide}`,
          examples: [
            {
              user: 'What are the treatments for asthma?',
              assistant:
                '{"intent":"treatment","entities":{"condition":"asthma"},"response":"Asthma: Asthma is treated with medicines that open the airways and reduce swelling. Inhaled medicines are used most."}',
            },
          ],
        },
        {
          id: 'short',
          system: `${format}\n{styleGuide}`,
        },
      ],
      rag: [
        {
          id: 'plain',
          system: `You answer patients of a clinic from the numbered sources only.\n${format}\nAfter each sentence of the response write the number of its source, like [1]. If the sources do not contain the answer, the response is: {notInSources}\n{styleGuide}`,
        },
        {
          id: 'one-example',
          system: `You answer patients of a clinic from the numbered sources only.\n${format}\nAfter each sentence of the response write the number of its source, like [1]. If the sources do not contain the answer, the response is: {notInSources}\n{styleGuide}`,
          examples: [
            {
              user: 'Sources:\n\n[1] Asthma: Outlook\nMost people with asthma live a full life.\n\n[2] Asthma: Treatment\nAsthma is treated with medicines that open the airways and reduce swelling. Inhaled medicines are used most.\n\nQuestion: What are the treatments for asthma?',
              assistant:
                '{"intent":"treatment","entities":{"condition":"asthma"},"response":"Asthma: Asthma is treated with medicines that open the airways and reduce swelling. [2] Inhaled medicines are used most. [2]"}',
            },
          ],
        },
        {
          id: 'short',
          system: `Answer from the numbered sources. ${format}\nCite as [1]. If the sources do not contain the answer, the response is: {notInSources}\n{styleGuide}`,
        },
      ],
    },
  },
  dataset: { questions: 'questions.jsonl', cases: 'cases.jsonl', glossary: 'glossary.csv' },
};
